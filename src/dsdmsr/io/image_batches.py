"""Batches of grey images with masks, as ComfyUI's nodes pass them on ⇄ maps and 16-bit PNG files.

Images are float32, b×h×w×3, mostly in 0…1; masks are float32, b×h×w, 1 in holes. Maps of them are
relative inverse depth, as most networks for single images give it: the nearest is white.

Source: ComfyUI's documentation, "Images, Latents, and Masks"; its node LoadImage, whose mask is 1
where a picture is transparent, and 64×64 zeros where it has no alpha.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, DepthError
from dsdmsr.io.read import read_stored

__all__ = ["Zero", "batch_of", "maps_of", "read_batch", "write_frames"]

Zero = Literal["value", "hole"]
"""What 0 means in files: the farthest, or nothing here."""
_GREY = 1.5 / 255
"""Up to this much, channels differ that were grey before a lossy file."""
_SHARES = Encoding(
    meaning="16-bit shares of the range, 65535 = 1",
    per_unit=65535,
    kind="inverse_depth",
    zero_is_value=True,
    largest=65535,
)


def maps_of(images: NDArray[Any], mask: NDArray[Any] | None = None) -> list[DepthMap]:
    """Return the maps of a batch of images.

    Args:
        images: b×h×w×3, or ×1, or ×4, of which alpha is not looked at. Channels are equal, as those
            of grey pictures are.
        mask: Above 0.5 in holes, b×h×w, or 1×h×w for all images. One without any may have any
            size.

    Raises:
        DepthError: If a shape is another, or the images have colours.

    Example:
        >>> import numpy as np
        >>> maps_of(np.full((2, 4, 6, 3), 0.5, np.float32))[1]
        DepthMap(4×6, inverse_depth, unknown unit, 100.0% valid, 0.5…0.5)
    """
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or 0 in images.shape:
        raise DepthError(f"images have shape {images.shape}: give b×h×w×3")
    grey = images[..., 0]
    with np.errstate(invalid="ignore"):
        off = np.abs(images[..., 1:3] - grey[..., None])
    if (off > _GREY).any():
        raise DepthError(
            "the images have colours: give grey depth, from a node that doesn't colour it"
        )
    holes = _holes(mask, grey.shape)
    # What is in 0…1 stays there when it is upscaled.
    inside = ((grey >= 0) & (grey <= 1) | ~np.isfinite(grey)).all()
    encoding = _SHARES if inside else None
    return [
        DepthMap(
            values, None if holes is None else ~holes[n], kind="inverse_depth", encoding=encoding
        )
        for n, values in enumerate(grey)
    ]


def _holes(mask: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return which pixels of a batch are holes; None if none are."""
    if mask is None:
        return None
    holes = mask > 0.5
    if not holes.any():
        return None
    if holes.ndim == 2:
        holes = holes[None]
    if holes.shape[1:] != shape[1:] or len(holes) not in (1, shape[0]):
        raise DepthError(f"the mask has shape {mask.shape}, the images {shape}: give one mask each")
    return np.broadcast_to(holes, shape)


def batch_of(maps: Sequence[DepthMap]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return maps of one size as images, 0 in holes, and their mask, 1 there."""
    images = np.empty((len(maps), *maps[0].shape, 3), np.float32)
    mask = np.empty(images.shape[:3], np.float32)
    for n, depth in enumerate(maps):
        images[n], mask[n] = depth.values[..., None], ~depth.valid
    return images, mask


def read_batch(path: Path, *, zero: Zero) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a depth file as a batch of one image, and its mask.

    Whole numbers of 8 or 16 bits become 0…1, and none of their digits is lost; floats stay.

    Args:
        path: The file, of any format that `dsdmsr.read_depth` reads.
        zero: What 0 means, where the file holds whole numbers.

    Raises:
        FileError: As `dsdmsr.read_depth`.
        ConfigError: If `zero` is neither value nor hole.
    """
    if zero not in get_args(Zero):
        raise ConfigError(f"zero is {zero!r}: allowed are {', '.join(get_args(Zero))}")
    stored = read_stored(path)
    numbers, whole = stored.numbers, stored.numbers.dtype.kind in "iu"
    valid = np.isfinite(numbers) if stored.valid is None else stored.valid & np.isfinite(numbers)
    if whole and zero == "hole":
        valid = valid & (numbers != 0)
    values = numbers / np.iinfo(numbers.dtype).max if whole else numbers
    return batch_of([DepthMap(values, valid, kind="inverse_depth")])


def write_frames(
    folder: Path, name: str, first: int, maps: Sequence[DepthMap], notes: Mapping[str, object]
) -> list[str]:
    """Write maps as 16-bit grey PNG files, 65535 for 1, and return what they are called.

    Of a map with holes, these are 0, and the least value is 1/65535; otherwise 0 is a value.

    Args:
        folder: Where.
        name: What their names begin with; ``%batch_num%`` in it becomes the number in the batch.
        first: The number of the first file, which must not be there; the others count on.
        maps: Maps of 0…1.
        notes: What the files say beside, name → what becomes JSON; None is left out. ComfyUI keeps
            its workflows so.

    Raises:
        DepthError: If a value is outside of 0…1; no file is written then.
        OutputExistsError: If a file exists.
        FileError: If one cannot be written.

    Source:
        ComfyUI's node SaveImage, for the names.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    _check_range(maps)
    info = PngInfo()
    for note, content in notes.items():
        if content is not None:
            info.add_text(note, json.dumps(content))
    files = []
    for n, depth in enumerate(maps):
        file = f"{name.replace('%batch_num%', str(n))}_{first + n:05}_.png"
        with writing(folder / file, overwrite=False) as beside:
            Image.fromarray(_numbers(depth)).save(beside, format="PNG", pnginfo=info)
        files.append(file)
    return files


def _check_range(maps: Sequence[DepthMap]) -> None:
    for depth in maps:
        used = depth.values[depth.valid]
        if used.size and not (used.min() >= 0 and used.max() <= 1):
            raise DepthError(
                f"values are {used.min():.6g} to {used.max():.6g}, and a 16-bit PNG holds 0 to 1: "
                "normalise them before"
            )


def _numbers(depth: DepthMap) -> NDArray[np.uint16]:
    """Return the numbers of a map of 0…1, rounded half up."""
    numbers = np.floor(depth.values.astype(np.float64) * _SHARES.per_unit + 0.5)
    if not depth.valid.all():
        numbers = np.where(depth.valid, np.maximum(numbers, 1), 0)
    return numbers.astype(np.uint16)
