"""Publishing: check weights, write their model cards, export them as ONNX graphs, upload them."""
