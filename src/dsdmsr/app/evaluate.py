"""Evaluate networks and show the tables."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from dsdmsr._atomic import replacing
from dsdmsr._provenance import write_json
from dsdmsr.app.inputs import depth_files
from dsdmsr.app.panels import Panels
from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, DataError, FileError
from dsdmsr.evaluation.crops import Crop, crop
from dsdmsr.evaluation.ground_truth import TruthFile, own_truths, protocol_truths
from dsdmsr.evaluation.measure import Case, Score, cases, evaluate
from dsdmsr.evaluation.methods import BASELINES, FILTERS, VARIATIONAL, Method, Network, baseline
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import PROTOCOLS, SUITE, Protocol
from dsdmsr.evaluation.report import figure, lines, markdown, results, title_of, weights_of
from dsdmsr.io.encodings import find_encoding
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained

__all__ = ["Evaluation", "evaluate_networks"]

DATA_VARIABLE = "DSDMSR_DATA"
_CROP_SCALES = (4, 8)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Describe what is measured, and what is written."""

    protocols: Sequence[str]
    """Letters (`PROTOCOLS`), or ``all``: those in `SUITE`."""
    data: Path | None = None
    """The folder of the protocols' maps. Default: what the variable DSDMSR_DATA names."""
    maps: Sequence[str] = ()
    """The user's own depth files, folders or patterns, instead of the protocols' maps."""
    encoding: str | None = None
    """What the numbers in those mean."""
    scales: Sequence[int] = ()
    """The factors. Default: the protocol's."""
    models: Sequence[str] = ()
    """Networks. Default: the package's default network."""
    baselines: Sequence[str] = tuple(BASELINES)
    """Baselines."""
    ensemble: int = 1
    """8 to measure each network's self-ensemble, too."""
    blind: bool = False
    """Whether to measure networks also without telling them how small maps were made."""
    refinement: Refinement | None = None
    """How to refine each network's answers, to measure them, too. Default: not at all."""
    ssim: bool = False
    """Whether to measure structural similarity, too."""
    json: Path | None = None
    """Where to write the results."""
    markdown: Path | None = None
    """Where to write tables."""
    html: Path | None = None
    """Where to write a page."""
    crops: bool = False
    """Whether the page shows parts of the maps."""
    panels: Path | None = None
    """A folder for pictures of all that each network makes of each map, and stages.csv."""
    overwrite: bool = False
    """Whether files that exist may be replaced."""
    device: str = "auto"
    """auto, or a torch device."""

    def __post_init__(self) -> None:
        if self.crops and self.html is None:
            raise ConfigError("--crops are shown on the page: give --html FILE, too")
        if self.encoding is not None and not self.maps:
            raise ConfigError("--encoding is for maps of your own: give --maps, too")
        if self.data is not None and self.maps:
            raise ConfigError("--data and --maps exclude each other: give one of them")
        if self.encoding is not None:
            find_encoding(self.encoding)
        for name in self.baselines:
            baseline(name)

    @property
    def outputs(self) -> list[Path]:
        """The files to write."""
        return [path for path in (self.json, self.markdown, self.html) if path is not None]


def evaluate_networks(asked: Evaluation, *, out: Console, err: Console) -> None:
    """Evaluate, print the tables, and write what is asked for.

    Raises:
        ConfigError: If what is asked for does not go together.
        DataError: If a map is missing, damaged or unfit.
        FileError: If an output exists or cannot be written.
        ModelError: If a network cannot be loaded.
    """
    for path in asked.outputs:
        _check_writable(path, overwrite=asked.overwrite)
    drawing = Panels(asked.panels, overwrite=asked.overwrite) if asked.panels else None
    jobs = [(protocol, _truths(asked, protocol)) for protocol in _protocols(asked)]
    methods: dict[str, Method] = {name: baseline(name) for name in asked.baselines}
    weights: dict[str, dict[str, str]] = {}
    blind: dict[str, Collection[Degradation]] = {}
    served = set(SCALES)
    for given in asked.models or (DEFAULT_MODEL,):
        model = from_pretrained(given)
        name = given if given == DEFAULT_MODEL else Path(given).resolve().name
        if name in methods or name in (*BASELINES, *VARIATIONAL, *FILTERS):
            raise FileError(f"two methods would be called {name}: rename the network's folder")
        known = for_known(given)
        checksums = weights_of(model, known)
        # A symmetric network is its own ensemble.
        for count in sorted({1, 1 if model.config.symmetric else asked.ensemble}):
            label = name if count == 1 else f"{name}, ensemble of {count}"
            methods[label] = Network(model, asked.device, count, known=known)
            weights[label] = checksums
        if asked.blind and known:
            label = f"{name}, blind"
            methods[label], blind[label] = Network(model, asked.device), known
        if asked.refinement is not None:
            label = f"{name}, refined"
            methods[label] = Network(model, asked.device, refinement=asked.refinement, known=known)
            weights[label] = checksums
        if drawing is not None:
            drawing.networks[name], drawing.known[name] = model, known
        served &= set(model.scales)
    scores, crops = _measure(asked, jobs, methods, blind, served, drawing, err)
    content = results(scores, weights)
    for measured in content["protocols"]:
        out.print(_table(measured, weights))
    if drawing is not None:
        out.print(drawing.table())
    _write(asked, content, crops, out)
    if drawing is not None:
        drawing.write_figures()
        out.print(f"wrote {drawing.count} panels and stages.csv to {drawing.folder}", markup=False)


def _protocols(asked: Evaluation) -> list[Protocol]:
    given = [*(SUITE if "all" in asked.protocols else ()), *asked.protocols]
    letters = [letter for letter in dict.fromkeys(given) if letter != "all"]
    chosen = [PROTOCOLS[letter] for letter in letters]
    if asked.scales:
        some = [tuple(s for s in p.scales if s in asked.scales) for p in chosen]
        chosen = [
            dataclasses.replace(p, scales=scales)
            for p, scales in zip(chosen, some, strict=True)
            if scales
        ]
    if not chosen:
        raise ConfigError(f"no protocol of {', '.join(letters)} has a factor of those asked for")
    return chosen


def _truths(asked: Evaluation, protocol: Protocol) -> list[TruthFile]:
    if asked.maps:
        return own_truths(depth_files(asked.maps), asked.encoding)
    data = asked.data or (Path(found) if (found := os.environ.get(DATA_VARIABLE)) else None)
    if data is None:
        raise DataError(
            f"no maps to measure on: give --data, the folder that holds {protocol.sets[0].folder} "
            f"(or set {DATA_VARIABLE}), or --maps with depth files of your own"
        )
    if not data.is_dir():
        raise DataError(f"{data} is not a folder: give the one that holds middlebury/eval")
    return protocol_truths(protocol, data)


def _check_writable(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise FileError(f"{path} exists: give another name, or --overwrite")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise FileError(f"{path} cannot be written: give a file in a folder that can be")


def _measure(
    asked: Evaluation,
    jobs: Sequence[tuple[Protocol, Sequence[TruthFile]]],
    methods: dict[str, Method],
    blind: dict[str, Collection[Degradation]],
    served: set[int],
    drawing: Panels | None,
    err: Console,
) -> tuple[list[tuple[Protocol, list[Score]]], list[tuple[str, Crop]]]:
    measured: list[tuple[Protocol, list[Score]]] = []
    crops: list[tuple[str, Crop]] = []
    with Progress(console=err, transient=True) as progress:
        for protocol, files in jobs:
            scales = [scale for scale in protocol.scales if scale in served]
            if not scales:
                raise ConfigError(
                    f"the networks serve none of protocol ({protocol.letter})'s factors"
                )
            task = progress.add_task(
                f"protocol ({protocol.letter})", total=len(files) * len(scales)
            )
            # Where a network knows no better, its blind answer is its answer.
            some = {
                name: method
                for name, method in methods.items()
                if name not in blind or protocol.degradation in blind[name]
            }
            scores: list[Score] = []
            for case in chain.from_iterable(cases(protocol, file, scales) for file in files):
                if asked.maps:
                    _check_unit(case, scores)
                made = evaluate(protocol, case, some, with_ssim=asked.ssim)
                scores += made.scores
                if asked.crops and case.scale in _CROP_SCALES:
                    crops.append((protocol.letter, crop(case, made.preds)))
                if drawing is not None:
                    drawing.draw(protocol, case, made.preds)
                progress.advance(task)
            measured.append((protocol, scores))
    return measured, crops


def _check_unit(case: Case, before: Sequence[Score]) -> None:
    if before and before[-1].unit != case.unit:
        raise DataError(
            f"{case.file.path} is in {case.unit}, the maps before it in {before[-1].unit}: measure "
            "them apart"
        )


def _table(measured: dict[str, Any], ours: Collection[str]) -> Table:
    table = Table(title=escape(title_of(measured)))
    scales = measured["scales"]
    for heading in ("set", "method", "sees", "figures"):
        table.add_column(heading, overflow="fold")
    for scale in scales:
        table.add_column(f"×{scale}", justify="right", no_wrap=True)
    before = None
    for line in lines(measured):
        if before not in (None, line.set):
            table.add_section()
        before = line.set
        cells = (line.set, line.method, line.sees, line.source)
        table.add_row(
            *map(escape, cells),
            *(figure(line.values.get(scale)) for scale in scales),
            style="bold" if line.method in ours else None,
        )
    return table


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _write(
    asked: Evaluation,
    content: dict[str, Any],
    crops: Sequence[tuple[str, Crop]],
    out: Console,
) -> None:
    try:
        if asked.json is not None:
            write_json(asked.json, content)
        if asked.markdown is not None:
            _write_text(asked.markdown, markdown(content))
        if asked.html is not None:
            _write_text(asked.html, page(content, crops))
    except OSError as error:
        raise FileError(f"{error.filename} cannot be written: {error.strerror}") from error
    for path in asked.outputs:
        out.print(f"wrote {path}", markup=False)
