"""Programs that plot the pictures of the documentation: ``python -m docs.figures NAME``."""
