"""``python -m dsdmsr``."""

from __future__ import annotations

import sys

from dsdmsr.app.cli import main

sys.exit(main())
