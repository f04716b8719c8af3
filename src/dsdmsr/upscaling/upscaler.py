"""The upscaler: a depth map in, a larger one out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.holes import hole_sizes
from dsdmsr.depth.map import DepthMap, check_map
from dsdmsr.depth.phase import Phase
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.upscaling.auto import AUTO, AutoBackend, Choice, DegradationChoice, check_choice
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.backends import BackendName, load_backend
from dsdmsr.upscaling.checks import Edges, check_backend, check_edges, check_name
from dsdmsr.upscaling.enlarge import Enlargement, Progress
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.options import MapOptions, UpscalerSettings
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.rows import Buffers, Rows, collect, new_rows
from dsdmsr.upscaling.sized import sized, sized_valid
from dsdmsr.upscaling.sizes import Goal, Size
from dsdmsr.upscaling.tiles import Tile, check_tile
from dsdmsr.zoo.find import degradations_known_to

if TYPE_CHECKING:
    from dsdmsr.upscaling.stream import Stream, StreamSettings

__all__ = ["Upscaler", "predict_everywhere"]


class Upscaler:
    """Upscale depth maps: by a whole factor from 2 to 16, or to a size.

    Networks serve the factors 2, 4, 8 and 16. For another size the next larger one is computed,
    and each pixel of the result gets what that shows at its centre, so that no edge is blurred.

    What stands under invalid pixels changes nothing, and holes stay holes, with borders half-way
    between the centres of valid and invalid pixels; small ones are filled if `fill` says so, and
    `filled` returns which pixels those are. The values keep their kind, unit and range: an output
    is at most a tenth of the input's range outside of it, never at or below zero where no input
    is, and never outside of what the input's encoding can hold. Intrinsics scale with the map;
    `stereo` stays.

    Args:
        backend: What runs the network, or the choice of networks.
        scale: The factor, a whole number from 2 to 16.
        size: Instead of it, height and width of the results.
        tile: Side, in low-resolution pixels, of the tiles that are enlarged one after the other;
            auto takes what needs a few hundred MiB. The result doesn't depend on it, unless it is
            refined: some pixels then differ by a percent of the range or two.
        fill: The largest hole to fill, in low-resolution pixels.
        edges: ``smooth``, as the network predicts them; or ``sharp``: pixels that lie between two
            surfaces are put on the nearer one, which leaves fewer points between them in space.
        refinement: How predictions are refined, so that the result agrees with the input; see
            `dsdmsr.upscaling.refine`. Default: not at all.
        phase: Where the pixels of maps sit among those of results: ``centre``, in the middle of
            those that they cover; ``corner``, on the first of them, as every s-th pixel has it; or
            ``aligned``, outermost pixels on outermost pixels.

    Raises:
        ScaleError: If not exactly one of `scale` and `size` is given, or the network does not
            serve `scale`.
        ConfigError: If `tile` is neither auto nor 1 or more, `fill` is negative, or `edges` are
            neither smooth nor sharp; or if `backend` is none, but an array, say.

    Example:
        >>> import numpy as np
        >>> from dsdmsr import DepthMap, Upscaler
        >>> upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")
        >>> depth = DepthMap(np.linspace(1, 2, 256).reshape(16, 16), unit="m")
        >>> upscaler(depth).shape
        (32, 32)
        >>> upscaler(depth, errors=True).error.shape  # the expected absolute error, in metres
        (32, 32)
    """

    def __init__(
        self,
        backend: Backend | AutoBackend,
        *,
        scale: int | None = None,
        size: tuple[int, int] | None = None,
        tile: Tile = "auto",
        fill: int = 0,
        edges: Edges = "smooth",
        refinement: Refinement | None = None,
        phase: Phase = "centre",
    ) -> None:
        self.backend, self.refinement = check_backend(backend), refinement
        self.size = Size(scale=scale, pixels=size, factors=backend.scales, phase=phase)
        self.tile, self.fill, self.edges = check_tile(tile), fill, check_edges(edges)
        if fill < 0:
            raise ConfigError(f"fill is {fill}: give 0, or the pixels of the largest hole to fill")

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        device: str = "auto",
        backend: BackendName = "auto",
        ensemble: int = 1,
        degradation: DegradationChoice = "auto",
        **settings: Unpack[UpscalerSettings],
    ) -> Upscaler:
        """Load a trained network, and return an upscaler that runs it.

        Args:
            name: A packaged network, a folder, or a repository on the Hub; or ``auto``, which
                takes ``dsdmsr-robust`` for noisy maps and ``dsdmsr-base`` for others. Default:
                ``dsdmsr-base``.
            device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda``, ``coreml``, ``directml``,
                or another device that the backend knows.
            backend: What runs the network: ``onnx``, ``openvino`` or ``torch``; or ``auto``, see
                `dsdmsr.upscaling.backends.load_backend`.
            ensemble: 8 for the mean prediction for the map rotated and mirrored in all eight
                ways: a little more accurate, in eight times the time; or 1.
            degradation: How the maps were downsampled: a known degradation, see
                `dsdmsr.from_pretrained`; ``unknown``; or ``auto``: where the network has weights
                for a known one, those are taken for maps whose steps show it, see
                `dsdmsr.depth.find_degradation`.
            settings: `scale` or `size`, and the other arguments of `Upscaler`.

        Raises:
            ScaleError: As `Upscaler`.
            ConfigError: As `Upscaler`; or if the device is not there, `ensemble` is neither 1
                nor 8, there is no such degradation, or `name` is neither a name nor a path.
            ModelError: If the network cannot be found or loaded.
            DependencyError: If the backend is not installed.
        """
        network = check_name(name)
        Size(
            scale=settings.get("scale"),
            pixels=settings.get("size"),
            phase=settings.get("phase", "centre"),
        )

        check_choice(degradation)

        def load(network: str, known: Degradation | None) -> Backend:
            return ensemble_of(load_backend(network, backend, device, known), ensemble)

        known = None if degradation == "unknown" else degradation
        if network == AUTO or (known == AUTO and degradations_known_to(network)):
            return cls(AutoBackend(network, known, load, degradations_known_to), **settings)
        return cls(load(network, None if known == AUTO else known), **settings)

    @classmethod
    def from_options(cls, options: MapOptions) -> Upscaler:
        """Load the network that options name, and return an upscaler as they say.

        Raises:
            DsdmsrError: As `from_pretrained`.
        """
        return cls.from_pretrained(
            options.model,
            scale=options.scale,
            size=options.pixels,
            device=options.device,
            backend=options.backend,
            ensemble=options.ensemble,
            tile=options.tile,
            fill=options.fill,
            edges=options.edges,
            degradation=options.degradation,
            refinement=options.refinement,
            phase=options.phase or "centre",
        )

    def __call__(
        self,
        depth: DepthMap,
        *,
        errors: bool = False,
        progress: Progress | None = None,
        buffers: Buffers | None = None,
    ) -> DepthMap:
        """Return the larger map, in arrays of its own or of `buffers`; the rest as for `bands`."""
        rows = self._whole(check_map(depth), errors, progress, buffers)
        return rows.as_map(depth, self.size.goal(*depth.shape), copy=False)

    def stream(self, frames: Iterable[Any], **settings: Unpack[StreamSettings]) -> Stream:
        """Upscale the frames of a sensor as they come; see `dsdmsr.upscaling.stream.Stream`."""
        from dsdmsr.upscaling.stream import Stream

        return Stream(self, frames, **settings)

    def bands(
        self, depth: DepthMap, *, errors: bool = False, progress: Progress | None = None
    ) -> Iterator[DepthMap]:
        """Yield the larger map from the top to the bottom, in bands of its full width.

        So no more than one band of it needs to be in memory. Their intrinsics and metadata are
        those of the whole map.

        Args:
            depth: Any map with at least one valid pixel.
            errors: Whether the results have the absolute errors that the network expects, as
                their `error`. About 90 % of the errors lie within 1.5 times as much, or 2.2 times
                where the map is noisy (`dsdmsr.metrics.WITHIN_90`, `WITHIN_90_NOISY`).
            progress: Called after each tile with the share of the map that is done.

        Raises:
            DepthError: If no pixel is valid, or `depth` is no `DepthMap`.
            ScaleError: If the size asked for is not larger than the map, or too large.
            ModelError: If the network gives values that are not finite, or `errors` are asked for
                and it predicts none.
        """
        goal = self.size.goal(*check_map(depth).shape)
        for rows in self._rows(depth, errors, progress):
            yield rows.as_map(depth, goal)

    def filled(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which pixels of the larger map are valid since a hole was filled.

        Args:
            valid: What is valid of the low-resolution map, H×W.
        """
        goal = self.size.goal(*valid.shape)
        with_them, without = (sized_valid(mask, goal) for mask in (self._kept(valid), valid))
        return with_them & ~without

    def begin_sequence(self) -> None:
        """Take what the next map is enlarged by for all maps after it, too: they are its frames."""
        if isinstance(self.backend, AutoBackend):
            self.backend.begin_sequence()

    def choice_for(self, depth: DepthMap) -> Choice | None:
        """Return which network and weights enlarge a map; None if there is no choice."""
        return self.backend.choose(depth) if isinstance(self.backend, AutoBackend) else None

    def backend_for(self, depth: DepthMap) -> Backend:
        """Return what runs the network for a map."""
        if isinstance(self.backend, AutoBackend):
            return self.backend.for_map(depth)
        return self.backend

    def _kept(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which low-resolution pixels count as valid: those of holes to fill do."""
        return valid | (hole_sizes(valid) <= self.fill) if self.fill else valid

    def _rows(self, depth: DepthMap, errors: bool, progress: Progress | None) -> Iterator[Rows]:
        """Return the rows of the larger map, with values in holes, too."""
        goal, enlargement = self._enlargement(depth, errors)
        return sized(enlargement.rows(progress), depth.shape, goal, self.edges)

    def _whole(
        self,
        depth: DepthMap,
        errors: bool,
        progress: Progress | None,
        buffers: Buffers | None = None,
    ) -> Rows:
        """Return the same rows at once, in arrays that nothing else holds, or in buffers."""
        goal, enlargement = self._enlargement(depth, errors)
        arrays = new_rows if buffers is None else buffers.rows
        into = arrays(goal.height, goal.width, errors=errors)
        if self.edges == "smooth" and goal.exact(*depth.shape):
            return enlargement.whole(progress, into)
        return collect(sized(enlargement.rows(progress), depth.shape, goal, self.edges), into)

    def _enlargement(self, depth: DepthMap, errors: bool) -> tuple[Goal, Enlargement]:
        """Return the size that a map becomes, and what enlarges it by the factor for that."""
        goal, backend = self.size.goal(*depth.shape), self.backend_for(depth)
        if errors and not backend.predicts_error:
            raise ModelError("the network doesn't predict the expected error: choose one that does")
        return goal, Enlargement(
            backend,
            depth,
            goal.factor,
            kept=self._kept(depth.valid),
            tile=self.tile,
            refinement=self.refinement,
            errors=errors,
        )


def predict_everywhere(
    upscaler: Upscaler, depth: DepthMap
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return the larger map's values, in holes, too, and the expected errors if there are any.

    In holes stand the values that follow from the nearest valid ones. Evaluations take them, since
    a hole of the low-resolution map may cover pixels whose target is known.

    Args:
        upscaler: What enlarges the map.
        depth: The map; errors as for `Upscaler.bands`.
    """
    errors = upscaler.backend_for(depth).predicts_error
    rows = upscaler._whole(depth, errors, None)
    return rows.values, rows.error
