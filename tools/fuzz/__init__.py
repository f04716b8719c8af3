"""Fuzzing of every reader: valid small files, changed, and what a reader does with them."""
