"""DTU's depth maps in the forms that MVSNet and its successors give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dsdmsr.data.prepared.splits import DTU_SPLIT, DTU_UNUSED, Splitting
from dsdmsr.data.sources.source import Frame, ReadMap, Source, check_source
from dsdmsr.errors import DataError
from dsdmsr.io import ENCODINGS, read_depth

__all__ = ["dtu"]

_DEPTH_FOLDERS = ("Depths_raw", "Depths")
_SCAN = re.compile(r"scan(\d+)(?:_train)?", re.IGNORECASE)
_DEPTH_MAP = re.compile(r"depth_map_\d+\.pfm")


@dataclass(frozen=True)
class _ReadDtu:
    folder: Path

    def __call__(self, frame: Frame) -> ReadMap:
        return ReadMap(
            read_depth(self.folder / frame.origin, "dtu"), 1 / ENCODINGS["dtu16"].per_unit
        )


def dtu(folder: Path) -> Source:
    """Find DTU's depth maps: ``scanN/depth_map_*.pfm``, in millimetres, 0 = no depth.

    They are looked for in ``Depths_raw`` or else ``Depths`` if the folder has one, and else in
    the folder itself, in folders called ``scanN`` or ``scanN_train``, or without such a folder.
    Pictures, probabilities and confidences beside them are ignored. The split is MVSNet's, by
    scan; the five scans that it leaves out are left out.

    Raises:
        DataError: If there is none, or two folders hold the same scan.
    """
    check_source(folder)
    root = next((folder / name for name in _DEPTH_FOLDERS if (folder / name).is_dir()), folder)
    scans = _find_scans(root)
    if not scans.keys() - set(DTU_UNUSED):
        raise DataError(f"{folder} holds {', '.join(scans)} alone, which MVSNet's split leaves out")
    frames = [
        Frame(f"{scan}/{path.stem}", scan, path.relative_to(folder).as_posix())
        for scan in sorted(scans, key=_in_order)
        if scan not in DTU_UNUSED
        for path in sorted(scans[scan].iterdir())
        if _DEPTH_MAP.fullmatch(path.name)
    ]
    if not frames:
        raise DataError(
            f"{folder} holds no scanN/depth_map_*.pfm, nor has it Depths_raw or Depths that do: "
            "give the folder of DTU's depth maps"
        )
    splitting = Splitting(known=DTU_SPLIT, rest="train")
    return Source(name="dtu", frames=frames, read=_ReadDtu(folder), splitting=splitting)


def _find_scans(root: Path) -> dict[str, Path]:
    """Return scan → its folder; the only one is `root` itself if it holds no folder of a scan.

    Raises:
        DataError: If two folders hold the same scan.
    """
    scans: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        match = _SCAN.fullmatch(path.name)
        if match is None or not path.is_dir():
            continue
        scan = f"scan{int(match[1])}"
        if scan in scans:
            raise DataError(
                f"{scans[scan]} and {path} are both {scan}: move one of them out of {root}"
            )
        scans[scan] = path
    match = _SCAN.fullmatch(root.resolve().name)
    return scans or {f"scan{int(match[1])}" if match else root.resolve().name: root}


def _in_order(scan: str) -> tuple[int, str]:
    digits = scan.removeprefix("scan")
    return (int(digits) if digits.isdecimal() else 0), scan
