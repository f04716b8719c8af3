"""Training runs that answer a question: ``python -m experiments NAME``."""
