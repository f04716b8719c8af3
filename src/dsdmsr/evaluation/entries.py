"""The methods that an evaluation measures, as its options name them, under the names of tables."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, FileError
from dsdmsr.evaluation.means import weights_of
from dsdmsr.evaluation.methods import BASELINES, FILTERS, VARIATIONAL, Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.onnx_method import OnnxMethod
from dsdmsr.evaluation.options import EvaluateOptions
from dsdmsr.evaluation.predictions import Predictions
from dsdmsr.evaluation.records import ModelWeights
from dsdmsr.evaluation.stage_panels import KnownNetworks
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained

__all__ = ["Entry", "entries", "labels"]

_CONTRACTS = (".yaml", ".yml")
"""What files about networks of others end in."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
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


def entries(options: EvaluateOptions) -> Iterator[Entry]:
    """Yield the methods to measure, in the order of tables.

    Raises:
        ConfigError: If options don't go together.
        FileError: If two methods would have one name, or a folder of predictions is missing.
        ModelError: If a network cannot be loaded.
    """
    names: set[str] = set()
    for entry in _all(options):
        if entry.name in names or (
            entry.weights is not None and entry.name in (*BASELINES, *VARIATIONAL, *FILTERS)
        ):
            raise FileError(
                f"two methods would be called {entry.name}: rename the network's folder"
            )
        names.add(entry.name)
        yield entry


def _all(options: EvaluateOptions) -> Iterator[Entry]:
    for name in options.baselines:
        yield Entry(name=name, method=baseline(name))
    yield from _predictions(options.predictions)
    given = options.model or (DEFAULT_MODEL,)
    for one, name in zip(given, labels(given), strict=True):
        if Path(one).suffix in _CONTRACTS:
            yield _of_others(one, name, options)
        else:
            yield from _network_entries(options, one, name)


def labels(given: Sequence[str]) -> list[str]:
    """Return a name for each of several paths: its last part, and as many before as tell it apart.

    Example:
        >>> labels(["runs/a/network", "runs/b/network", "dsdmsr-fast"])
        ['a/network', 'b/network', 'dsdmsr-fast']
    """
    paths = [Path(one).resolve() for one in given]
    parts = [
        (*path.parent.parts, path.stem if path.suffix in _CONTRACTS else path.name)
        for path in paths
    ]
    if len(set(parts)) < len(parts):
        raise ConfigError(f"one is given twice among {', '.join(given)}: give each once")
    count, names = 0, [""] * len(given)
    while max(Counter(names).values(), default=1) > 1 or not all(names):
        count += 1
        shared = {name for name, times in Counter(names).items() if times > 1 or not name}
        names = [
            "/".join(of[-count:]) if name in shared else name
            for name, of in zip(names, parts, strict=True)
        ]
    return names


def _predictions(given: Sequence[str]) -> Iterator[Entry]:
    """Yield folders of predictions, each given as FOLDER or NAME=FOLDER."""
    pairs = [
        (name, Path(folder)) if equals else ("", Path(one))
        for one in given
        for name, equals, folder in [one.partition("=")]
    ]
    unnamed = labels([str(folder) for name, folder in pairs if not name])
    for name, folder in pairs:
        if not folder.is_dir():
            raise FileError(f"{folder} is not a folder of predictions: give one, or NAME=FOLDER")
        name = name or unnamed.pop(0)
        yield Entry(name=name, method=Predictions(folder, name))


def _of_others(given: str, name: str, options: EvaluateOptions) -> Entry:
    """Return a network of others, given by a YAML file."""
    if options.refine or options.ensemble > 1 or options.panels is not None:
        raise ConfigError(f"{given} has no stages, ensemble or refinement: leave these options out")
    path = Path(given)
    method = OnnxMethod(path, options.device)
    digest = hashlib.sha256()
    for file in (path, *method.files.values()):
        digest.update(file.read_bytes())
    weights = ModelWeights(name=name, sha256=digest.hexdigest(), sha256_for_known={})
    return Entry(name=name, method=method, scales=method.scales, weights=weights)


def _network_entries(options: EvaluateOptions, given: str, name: str) -> Iterator[Entry]:
    """Yield a network, also with degradations found from maps, or unknown; ensembles; refined."""
    model, known = from_pretrained(given), for_known(given)
    weights = weights_of(name, model, known)
    network = Network.from_pretrained(given, options.device)

    def entry(label: str, method: Network) -> Entry:
        return Entry(
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
        yield Entry(name=f"{name}, auto", method=network.finding(), scales=model.scales)
        blind = network.without_known()
        yield Entry(name=f"{name}, blind", method=blind, scales=model.scales, only=known)
    if options.refine:
        refinement = Refinement(noise=options.noise)
        yield entry(f"{name}, refined", Network(network.blind, refinement, network.known))
