"""``python -m dsdmsr``."""

from __future__ import annotations

from dsdmsr.app.cli import run

run()
