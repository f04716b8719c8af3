"""The renderer of synthetic scenes."""
