"""Tools for maintainers: ``python -m tools NAME``."""
