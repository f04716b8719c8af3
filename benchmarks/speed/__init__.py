"""Measurements of time, memory and throughput."""
