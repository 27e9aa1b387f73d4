"""Benchmarks on this machine: time of every stage, gain of every optimisation, many visitors at once."""
