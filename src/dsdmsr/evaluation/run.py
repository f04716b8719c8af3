"""The evaluation: networks and baselines under protocols, as one function."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.evaluation.cases import Case, cases, stem
from dsdmsr.evaluation.crops import error_crop
from dsdmsr.evaluation.earlier import EarlierResults
from dsdmsr.evaluation.entries import Entry, entries
from dsdmsr.evaluation.ground_truth import (
    GroundTruthFile,
    own_ground_truth,
    protocol_ground_truth,
)
from dsdmsr.evaluation.low_res_files import LowResFiles
from dsdmsr.evaluation.means import protocol_results, results
from dsdmsr.evaluation.measure import Measurement, measure_case
from dsdmsr.evaluation.options import DATA_VARIABLE, EvaluateOptions
from dsdmsr.evaluation.predictions import Predictions
from dsdmsr.evaluation.protocols import PROTOCOLS, SUITE, UNIT_NAMES, Protocol
from dsdmsr.evaluation.records import ErrorCrop, StageScore
from dsdmsr.evaluation.results import ProtocolResults, Results
from dsdmsr.evaluation.stage_panels import StagePanels
from dsdmsr.io.patterns import depth_files

__all__ = ["evaluate", "write_low_res"]

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
    earlier = [EarlierResults(path) for path in options.with_results]
    for one, (protocol, _) in product(earlier, files):
        one.check(protocol)
    methods = list(entries(options))
    jobs = [_Job(options, protocol, some, methods) for protocol, some in files]
    for job in jobs:
        job.check_predictions()
    report = _share_of(sum(job.steps for job in jobs), progress)
    protocols = [_run(job, panels, report) for job in jobs]
    if panels is not None:
        panels.write_scores(protocols)
    for one in earlier:
        protocols = [one.beside(summary) for summary in protocols]
    weights = (entry.weights for entry in methods)
    return results(protocols, [some for some in weights if some is not None])


def write_low_res(options: EvaluateOptions, folder: Path, progress: Progress | None = None) -> int:
    """Write the low-resolution maps of protocols, for methods that run elsewhere.

    Their predictions are measured by `evaluate` with the option ``predictions``.

    Args:
        options: Which protocols, maps and scales; what else it says is left aside.
        folder: Where: ``PROTOCOL/xSCALE/SET/SCENE.npy``, with ``index.csv``; see `LowResFiles`.
        progress: As for `evaluate`.

    Returns:
        How many maps were written.

    Raises:
        ConfigError: If the options do not go together.
        DataError: If a map is missing, damaged or unfit.
        FileError: If the folder is not empty, or cannot be written to.
    """
    jobs = [
        _Job(options, protocol, _ground_truth(options, protocol), [])
        for protocol in _protocols(options)
    ]
    files = LowResFiles(folder, overwrite=options.overwrite)
    report, count = _share_of(sum(job.steps for job in jobs), progress), 0
    for job in jobs:
        for case in job.cases():
            files.write(job.protocol, case)
            count += len(case.low_res)
            report()
    files.write_index()
    return count


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
        given = options.intrinsics
        camera = None if given is None else Intrinsics.parse(given)
        return own_ground_truth(depth_files(options.maps), options.encoding, camera)
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
        methods: Sequence[Entry],
    ) -> None:
        self.options, self.protocol, self.files = options, protocol, files
        # Where a network knows no better, its blind prediction is its prediction.
        self.entries = [e for e in methods if e.only is None or protocol.degradation in e.only]
        self.scales = [s for s in protocol.scales if all(s in e.scales for e in methods)]
        if not self.scales:
            raise ConfigError(f"the networks serve none of protocol ({protocol.letter})'s factors")

    @property
    def steps(self) -> int:
        """How many cases it has."""
        return len(self.files) * len(self.scales)

    def check_predictions(self) -> None:
        """Check that folders of predictions have a file for each low-resolution map.

        Raises:
            DataError: If some are missing.
        """
        cases = product(self.files, self.scales, range(self.protocol.seeds))
        stems = [stem(self.protocol, file, scale, seed) for file, scale, seed in cases]
        for entry in self.entries:
            if isinstance(entry.method, Predictions):
                entry.method.check(stems)

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
                if self.options.intrinsics is not None and case.camera is None:
                    raise DataError(
                        f"{case.file.path} holds no distances, so that its surfaces have no known "
                        "normals: leave out --intrinsics"
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
