"""The renderer of synthetic scenes."""

from dsdmsr.data.scenes.rendered import render_depth, render_sample

__all__ = ["render_depth", "render_sample"]
