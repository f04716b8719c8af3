"""Build hook that has a distribution say from which commit it was built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NAME = "_commit.txt"


class CommitHook(BuildHookInterface):
    """Put the checkout's commit into the package, where `dsdmsr._provenance` finds it.

    An sdist carries the file on, so that a wheel built from it has it, too. Editable installs run
    from the checkout, which is asked itself.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to the distribution, unless there is no checkout to ask."""
        commit = _commit(Path(self.root))
        if version == "editable" or commit is None:
            return
        path = Path(self.directory) / _NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{commit}\n", encoding="utf-8")
        inside = "dsdmsr" if self.target_name == "wheel" else "src/dsdmsr"
        build_data["force_include"][str(path)] = f"{inside}/{_NAME}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file from beside the distributions, all of which are uploaded."""
        Path(self.directory, _NAME).unlink(missing_ok=True)


def _commit(root: Path) -> str | None:
    """Return the commit of a checkout, marked if tracked files differ; None if it is none."""
    if not (root / ".git").exists():
        return None
    # A fixed length: Git's own grows with the number of objects that a clone has.
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty"]
    command += ["--exclude", "*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
