"""Packaged networks, one folder each."""
