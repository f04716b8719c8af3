"""Networks of others as methods: ONNX graphs, and a YAML file that says what their numbers are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from dsdmsr._plain import from_plain
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.evaluation.methods import HighRes, LowRes, Values, shifted
from dsdmsr.io.checks import single_line
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime

__all__ = ["OnnxContract", "OnnxMethod"]


@dataclass(frozen=True, kw_only=True)
class OnnxContract:
    """Say which graphs a network has, and what their numbers are.

    A graph has one input, b c h w in single precision with one channel or three (which get the same
    numbers), and its first output is the prediction, at the size of the high-resolution map.

    Raises:
        ConfigError: If a field makes no sense.
    """

    graphs: dict[int, str]
    """Factor → file, beside the YAML file."""
    takes: Literal["low_resolution", "bicubic"]
    """The low-resolution map, or its bicubic interpolation at the size of the prediction."""
    gives: Literal["values", "residual"] = "values"
    """The prediction, or its difference from the bicubic interpolation."""
    values: tuple[float, float] | None = None
    """Two values in the map's unit, such as 0 and 255. Default: each map's least and greatest."""
    become: tuple[float, float] = (0.0, 1.0)
    """What the network takes, and gives, for these two."""
    pad: int = 0
    """Pixels that its input is mirrored outwards by on each side. They are cut off the output again
    as far as the network's own layers haven't."""

    def __post_init__(self) -> None:
        if not self.graphs or any(scale not in SCALES for scale in self.graphs):
            raise ConfigError(
                f"graphs are for the factors {single_line(list(self.graphs))}: give one or more of "
                f"{', '.join(map(str, SCALES))}"
            )
        for name, pair in (("values", self.values), ("become", self.become)):
            if pair is not None and pair[0] == pair[1]:
                raise ConfigError(f"{name} is {list(pair)}: give two different numbers")
        if self.pad < 0:
            raise ConfigError(f"pad is {self.pad}: give 0 or more")

    @classmethod
    def read(cls, path: Path) -> OnnxContract:
        """Read a contract.

        Raises:
            ModelError: If the file is missing, or says what it may not.
        """
        import yaml

        try:
            return from_plain(cls, yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(f"{path} cannot be read: {reason}") from error
        except ConfigError as error:
            raise ModelError(str(error)) from error


class _Graph(NamedTuple):
    session: Any
    name: str
    """Of its input."""
    channels: int


class OnnxMethod:
    """A network of others, as a method.

    Holes are filled from the nearest pixels. Like those of our own networks, its predictions are
    shifted where low-resolution pixels sit on every s-th high-resolution pixel.

    Args:
        path: The YAML file; see `OnnxContract`.
        device: What runs it; as for `OnnxRuntime`.

    Raises:
        ModelError: If a file is missing, or is no graph of one input with one or three channels.
        ConfigError: If ONNX Runtime cannot compute on the device.
    """

    def __init__(self, path: Path, device: str = "auto") -> None:
        self.contract = OnnxContract.read(path)
        self.files = {
            scale: path.parent / file for scale, file in sorted(self.contract.graphs.items())
        }
        runtime = OnnxRuntime(device)
        self._graphs = {scale: _load(file, runtime) for scale, file in self.files.items()}

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors that it serves."""
        return tuple(self.files)

    def __call__(self, low_res: LowRes, /) -> HighRes:
        """Return the prediction.

        Raises:
            ModelError: If the graph fails, or gives a map of another size.
        """
        scale, contract = low_res.scale, self.contract
        filled = fill_nearest(low_res.values, low_res.valid)
        bicubic = resize(torch.from_numpy(filled)[None, None], scale)[0, 0].numpy()
        low, high = contract.values or (float(filled.min()), float(filled.max()))
        first, last = contract.become
        gain = (last - first) / ((high - low) or 1.0)
        given = bicubic if contract.takes == "bicubic" else filled
        size = 1 if contract.takes == "bicubic" else scale
        output = self._run(scale, (given - low) * gain + first)
        output = _centre(output, bicubic.shape, contract.pad * size, self.files[scale])
        if contract.gives == "residual":
            pred = bicubic + output / gain
        else:
            pred = (output - first) / gain + low
        return HighRes(shifted(pred, scale) if low_res.interval else pred)

    def _run(self, scale: int, given: Values) -> Values:
        """Return what the graph for a factor gives for an h×w map, in its numbers."""
        graph = self._graphs[scale]
        padded = np.pad(given.astype(np.float32), self.contract.pad, mode="symmetric")
        stack = np.ascontiguousarray(np.broadcast_to(padded, (1, graph.channels, *padded.shape)))
        try:
            output = graph.session.run(None, {graph.name: stack})[0]
        except Exception as error:  # of a class that ONNX Runtime's own module holds privately
            reason = str(error).partition("\n")[0]
            raise ModelError(f"{self.files[scale]} cannot be run: {reason}") from error
        if output.ndim != 4 or len(output) != 1:
            raise ModelError(f"{self.files[scale]} gives {list(output.shape)}: 1 c h w is expected")
        return np.asarray(output[0].mean(0, dtype=np.float64))


def _load(file: Path, runtime: OnnxRuntime) -> _Graph:
    session = runtime.session(file)
    inputs = session.get_inputs()
    shape = inputs[0].shape if len(inputs) == 1 else []
    channels = next((n for n in (1, 3) if len(shape) == 4 and shape[1] == n), None)
    if channels is None:
        given = "; ".join(f"{each.name} {each.shape}" for each in inputs)
        raise ModelError(f"{file} takes {given}: give a graph of one input b c h w, c 1 or 3")
    return _Graph(session, inputs[0].name, channels)


def _centre(output: Values, shape: tuple[int, ...], pad: int, file: Path) -> Values:
    """Return the middle of a network's output, of the prediction's size."""
    spare = [(have - want) for have, want in zip(output.shape, shape, strict=True)]
    if spare[0] != spare[1] or spare[0] % 2 or not 0 <= spare[0] <= 2 * pad:
        have, want = ("×".join(map(str, of)) for of in (output.shape, shape))
        raise ModelError(
            f"{file} gives {have} where the prediction is {want}: pad by as much as it cuts off"
        )
    cut = spare[0] // 2
    return output[cut : output.shape[0] - cut, cut : output.shape[1] - cut]
