"""From a network to numbers."""
