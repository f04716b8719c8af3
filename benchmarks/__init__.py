"""Measurements of accuracy, time and memory: ``python -m benchmarks NAME``."""
