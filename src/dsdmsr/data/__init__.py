"""Depth maps to learn from: rendered, raw and prepared sets, and crops of them."""
