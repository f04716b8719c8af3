"""The command that exports networks to ONNX."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dsdmsr.app.console import print_result
from dsdmsr.errors import ConfigError, needing
from dsdmsr.zoo.find import CARD, CONFIG, WEIGHTS, find_network, folders_for_known
from dsdmsr.zoo.names import one_word

__all__ = ["export"]


def export(
    model: Annotated[str, Parameter(name="MODEL")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    whole: tuple[Literal[2, 4, 8, 16], ...] = (),
    overwrite: bool = False,
) -> int:
    """Run `dsdmsr export`.

    Args:
        model: A packaged network, a folder, or owner/name on the Hub.
        output: The folder to write: a copy of the network with its graphs, which --model takes; or,
            with --whole, one graph for each factor.
        whole: Factors, each of which becomes one graph with its weights inside, for other programs:
            its input is a normalised map without holes, its output the prediction.
        overwrite: Replace files that exist.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    with needing("dsdmsr export", "export"):
        from dsdmsr.training.export import export_graphs, export_whole, exportable
    source, name = find_network(model), one_word(model)
    files = [f"{name}-x{scale}.onnx" for scale in whole] or [CONFIG, WEIGHTS, CARD]
    in_place = not whole and output.resolve() == source.resolve()
    existing = [file for file in files if (output / file).exists()]
    if existing and not overwrite and not in_place:
        raise ConfigError(f"{output / existing[0]} exists: give --overwrite, or another folder")
    exportable(model)  # before anything is written
    output.mkdir(parents=True, exist_ok=True)
    for scale, file in zip(whole, files, strict=False):
        export_whole(model, scale, output / file)
        print_result(f"wrote {output / file}")
    if whole:
        return 0
    # With it come its weights for known degradations, or the copy would be blind to them.
    inside = {folder.name for folder in folders_for_known(source).values()}
    for part in ("", *sorted(inside)):
        (output / part).mkdir(exist_ok=True)
        for file in () if in_place else files:
            if (source / part / file).is_file():
                shutil.copyfile(source / part / file, output / part / file)
        graphs = export_graphs(output / part)
    count = (1 + len(inside)) * sum(len(stage.files) for stage in graphs.stages)
    print_result(f"wrote {output}: {count} graphs of opset {graphs.opset}; use it with --model")
    return 0
