"""Comparison of the runtimes that packaged graphs meet."""
