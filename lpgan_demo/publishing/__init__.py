"""Prove weights, describe them, export them as ONNX graphs, upload them."""
