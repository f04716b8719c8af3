"""The evaluation: networks and baselines under protocols, as one function."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, DataError, FileError
from dsdmsr.evaluation.cases import Case, cases
from dsdmsr.evaluation.crops import error_crop
from dsdmsr.evaluation.ground_truth import (
    GroundTruthFile,
    own_ground_truth,
    protocol_ground_truth,
)
from dsdmsr.evaluation.means import protocol_results, results, weights_of
from dsdmsr.evaluation.measure import Measurement, measure_case
from dsdmsr.evaluation.methods import BASELINES, FILTERS, VARIATIONAL, Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.options import DATA_VARIABLE, EvaluateOptions
from dsdmsr.evaluation.protocols import PROTOCOLS, SUITE, UNIT_NAMES, Protocol
from dsdmsr.evaluation.records import ErrorCrop, ModelWeights, StageScore
from dsdmsr.evaluation.results import ProtocolResults, Results
from dsdmsr.evaluation.stage_panels import KnownNetworks, StagePanels
from dsdmsr.io.patterns import depth_files
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained

__all__ = ["evaluate"]

Progress = Callable[[float], object]
_CROP_SCALES = (4, 8)


def evaluate(options: EvaluateOptions, progress: Progress | None = None) -> Results:
    """Measure networks, with baselines and published figures beside them.

    Args:
        options: What is measured, and how.
        progress: Is called after each map and scale with the share that is done.

    Raises:
        ConfigError: If the options do not go together.
        DataError: If a map is missing, damaged or unfit.
        FileError: If the folder of panels cannot be written to.
        ModelError: If a network cannot be loaded.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import dsdmsr
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     row, column = np.mgrid[:64, :64]
        ...     np.save(f"{folder}/step.npy", np.where(row + column < 64, 1.0, 2.0))
        ...     options = dsdmsr.EvaluateOptions(
        ...         protocol=("a",), maps=(folder,), encoding="metres", scales=(4,),
        ...         model=("dsdmsr-fast",), baselines=("bicubic",), device="cpu",
        ...     )
        ...     results = dsdmsr.evaluate(options)
        >>> bicubic, fast = results.protocols[0].means
        >>> fast.metrics["rmse"] < bicubic.metrics["rmse"] / 2
        True
    """
    panels = StagePanels(options.panels, overwrite=options.overwrite) if options.panels else None
    files = [(protocol, _ground_truth(options, protocol)) for protocol in _protocols(options)]
    entries = list(_entries(options))
    jobs = [_Job(options, protocol, some, entries) for protocol, some in files]
    report = _share_of(sum(job.steps for job in jobs), progress)
    protocols = [_run(job, panels, report) for job in jobs]
    if panels is not None:
        panels.write_scores(protocols)
    weights = (entry.weights for entry in entries)
    return results(protocols, [some for some in weights if some is not None])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Entry:
    """Name a method, and say where it is measured."""

    name: str
    method: Method
    scales: Collection[int] = SCALES
    """The scales that it serves."""
    only: Collection[Degradation] | None = None
    """The degradations under which it is measured. Default: all."""
    weights: ModelWeights | None = None
    """Those of a network that results list."""
    staged: KnownNetworks | None = None
    """The networks that panels show."""


def _entries(options: EvaluateOptions) -> Iterator[_Entry]:
    """Yield the methods to measure, in the order of tables."""
    names = set(options.baselines)
    for name in options.baselines:
        yield _Entry(name=name, method=baseline(name))
    for given in options.model or (DEFAULT_MODEL,):
        name = given if given == DEFAULT_MODEL else Path(given).resolve().name
        if name in names or name in (*BASELINES, *VARIATIONAL, *FILTERS):
            raise FileError(f"two methods would be called {name}: rename the network's folder")
        for entry in _network_entries(options, given, name):
            names.add(entry.name)
            yield entry


def _network_entries(options: EvaluateOptions, given: str, name: str) -> Iterator[_Entry]:
    """Yield a network, also with degradations found from maps, or unknown; ensembles; refined."""
    model, known = from_pretrained(given), for_known(given)
    weights = weights_of(name, model, known)
    network = Network.from_pretrained(given, options.device)

    def entry(label: str, method: Network) -> _Entry:
        return _Entry(
            name=label,
            method=method,
            scales=model.scales,
            weights=dataclasses.replace(weights, name=label),
            staged=KnownNetworks(model, known) if label == name else None,
        )

    yield entry(name, network)
    # A symmetric network is its own ensemble.
    if options.ensemble > 1 and not model.config.symmetric:
        yield entry(f"{name}, ensemble of {options.ensemble}", network.ensemble(options.ensemble))
    if known:
        yield _Entry(name=f"{name}, auto", method=network.finding(), scales=model.scales)
        blind = network.without_known()
        yield _Entry(name=f"{name}, blind", method=blind, scales=model.scales, only=known)
    if options.refine:
        refinement = Refinement(noise=options.noise)
        yield entry(f"{name}, refined", Network(network.blind, refinement, network.known))


def _protocols(options: EvaluateOptions) -> list[Protocol]:
    given = [*(SUITE if "all" in options.protocol else ()), *options.protocol]
    letters = [letter for letter in dict.fromkeys(given) if letter != "all"]
    chosen = [PROTOCOLS[letter] for letter in letters]
    if options.scales:
        some = [tuple(s for s in p.scales if s in options.scales) for p in chosen]
        chosen = [
            dataclasses.replace(p, scales=scales)
            for p, scales in zip(chosen, some, strict=True)
            if scales
        ]
    if not chosen:
        raise ConfigError(f"no protocol of {', '.join(letters)} has a factor of those asked for")
    return chosen


def _ground_truth(options: EvaluateOptions, protocol: Protocol) -> list[GroundTruthFile]:
    if options.maps:
        return own_ground_truth(depth_files(options.maps), options.encoding)
    data = options.data
    if data is None and (named := os.environ.get(DATA_VARIABLE)):
        data = Path(named)
    if data is None:
        raise DataError(
            f"no maps to measure on: give --data, the folder that holds {protocol.sets[0].folder} "
            f"(or set {DATA_VARIABLE}), or --maps with depth files of your own"
        )
    if not data.is_dir():
        raise DataError(f"{data} is not a folder: give the one that holds middlebury/eval")
    return protocol_ground_truth(protocol, data)


class _Job:
    """A protocol with its maps, and the methods and scales measured under it.

    Raises:
        ConfigError: If the networks serve none of the protocol's scales.
    """

    def __init__(
        self,
        options: EvaluateOptions,
        protocol: Protocol,
        files: Sequence[GroundTruthFile],
        entries: Sequence[_Entry],
    ) -> None:
        self.options, self.protocol, self.files = options, protocol, files
        # Where a network knows no better, its blind prediction is its prediction.
        self.entries = [e for e in entries if e.only is None or protocol.degradation in e.only]
        self.scales = [s for s in protocol.scales if all(s in e.scales for e in entries)]
        if not self.scales:
            raise ConfigError(f"the networks serve none of protocol ({protocol.letter})'s factors")

    @property
    def steps(self) -> int:
        """How many cases it has."""
        return len(self.files) * len(self.scales)

    def cases(self) -> Iterator[Case]:
        """Yield all cases, checking that maps of one's own have one unit."""
        first: Case | None = None
        for file in self.files:
            for case in cases(self.protocol, file, self.scales):
                first = first or case
                if self.options.maps and case.unit != first.unit:
                    raise DataError(
                        f"{case.file.path} is in {UNIT_NAMES[case.unit]}, the maps before it in "
                        f"{UNIT_NAMES[first.unit]}: measure them apart"
                    )
                yield case


def _run(job: _Job, panels: StagePanels | None, report: Callable[[], None]) -> ProtocolResults:
    methods = {entry.name: entry.method for entry in job.entries}
    staged = {entry.name: entry.staged for entry in job.entries if entry.staged is not None}
    measurements: list[Measurement] = []
    crops: list[ErrorCrop] = []
    stages: list[StageScore] = []
    for case in job.cases():
        of_case = measure_case(job.protocol, case, methods, with_ssim=job.options.ssim)
        measurements += of_case.measurements
        if job.options.crops and case.scale in _CROP_SCALES:
            crops.append(error_crop(case, of_case.preds))
        if panels is not None:
            stages += panels.plot(job.protocol, case, staged, of_case.preds)
        report()
    summary = protocol_results(job.protocol, measurements)
    return dataclasses.replace(summary, crops=tuple(crops), stages=tuple(stages))


def _share_of(steps: int, progress: Progress | None) -> Callable[[], None]:
    """Return a function to call after each step, which passes on the share that is done."""
    done = 0

    def report() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / steps)

    return report
