"""Measurements of predictions against ground truth."""
