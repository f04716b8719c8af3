"""Colours of a map's values: one scale for several pictures, and a bar that explains it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr.depth.kinds import UNIT_WORDS, Kind, Unit
from dsdmsr.depth.map import DepthMap
from dsdmsr.pictures.colours import EVEN, coloured
from dsdmsr.pictures.relief import towards_viewer

__all__ = ["ValueScale", "number_texts"]

_PERCENTILES, _SAMPLE = (0.5, 99.5), 1_000_000
"""Percentiles, and of how many values at most."""
_TEXT, _LINE, _BAR = 14, 18, 18
_NUMBERS = 5


@dataclass(frozen=True)
class ValueScale:
    """Say which values get which colours, near ones being bright."""

    low: float
    """The value at one end of the colours."""
    high: float
    """The value at their other end."""
    kind: Kind
    """What the values are."""
    unit: Unit | None
    """Their unit."""
    below: bool = False
    """Whether some values are below `low`, and have its colour."""
    above: bool = False
    """Whether some values are above `high`."""

    @classmethod
    def of(cls, depth: DepthMap) -> ValueScale | None:
        """Return the scale of a map, from its least to its greatest value; None if it has none.

        Where few values at one end would take up half of it, and so leave the others without
        contrast, it ends at a percentile.
        """
        values = depth.values[depth.valid]
        if not values.size:
            return None
        low, high = float(values.min()), float(values.max())
        sample = values[:: -(-values.size // _SAMPLE)].astype(np.float64)
        first, last = (float(q) for q in np.percentile(sample, _PERCENTILES))
        below = first - low > last - first > 0
        above = high - last > last - first > 0
        ends = first if below else low, last if above else high
        return cls(*ends, depth.kind, depth.unit, below=below, above=above)

    @property
    def meaning(self) -> str:
        """What the values are, and their unit."""
        between = ", " if self.unit is None else " in "
        return f"{self.kind.replace('_', ' ')}{between}{UNIT_WORDS[self.unit]}"

    def picture(self, values: NDArray[np.floating], valid: NDArray[np.bool_]) -> Image.Image:
        """Return values in their colours, holes in a colour that no value has.

        Args:
            values: H×W.
            valid: H×W.
        """
        return coloured(self._share(values), EVEN, valid).convert("RGB")

    def _share(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how near values are, 0…1 inside of the scale."""
        span = self.high - self.low
        share = (
            (values.astype(np.float64) - self.low) / span if span else np.full(values.shape, 0.5)
        )
        return share if towards_viewer(self.kind) > 0 else 1 - share

    def bar(self, height: int) -> Image.Image:
        """Return a bar of the colours, the high end above, with numbers and the unit beside it.

        Args:
            height: Its height in pixels, numbers included.
        """
        font = ImageFont.load_default(size=_TEXT)
        numbers = np.linspace(self.high, self.low, _NUMBERS if self.high > self.low else 1)
        texts = number_texts(numbers)
        if self.below:
            texts[-1] = f"< {texts[-1]}"
        if self.above:
            texts[0] = f"> {texts[0]}"
        margin = _TEXT
        length = height - 2 * margin
        unit = UNIT_WORDS[self.unit].split()
        lines = [*texts, *unit]
        width = _BAR + 10 + round(max(font.getlength(line) for line in lines)) + 2
        bar = Image.new("RGB", (width, height + _LINE * len(unit) + 2), "white")
        steps = np.linspace(self.high, self.low, length)[:, None] * np.ones((1, _BAR))
        bar.paste(self.picture(steps, np.ones(steps.shape, np.bool_)), (0, margin))
        pen = ImageDraw.Draw(bar)
        places = np.linspace(margin, margin + length - 1, len(texts) + 2)[1:-1]
        if len(texts) > 1:
            places = np.linspace(margin, margin + length - 1, len(texts))
        for text, place in zip(texts, places, strict=True):
            y = round(float(place))
            pen.line((_BAR, y, _BAR + 4, y), fill="black")
            pen.text((_BAR + 8, y), text, fill="black", font=font, anchor="lm")
        for number, word in enumerate(unit):
            pen.text((0, height + _LINE * number), word, fill="black", font=font)
        return bar


def number_texts(numbers: NDArray[np.float64]) -> list[str]:
    """Return numbers with as many digits as tell them apart, three at least."""
    step = float(abs(numbers[0] - numbers[-1])) / max(len(numbers) - 1, 1)
    largest = float(np.abs(numbers).max())
    whole = len(str(int(largest))) if largest < 1e6 else 3
    texts: list[str] = []
    for digits in range(max(3, whole), 10):
        texts = [f"{number:.{digits}g}" for number in numbers]
        off = max(abs(float(t) - n) for t, n in zip(texts, numbers, strict=True))
        if off <= 0.05 * step or step == 0:
            break
    # A number that is as good as 0 beside the others is 0.
    return ["0" if abs(n) < 1e-9 * largest else t for t, n in zip(texts, numbers, strict=True)]
