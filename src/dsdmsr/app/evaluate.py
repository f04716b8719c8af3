"""The command that measures networks."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsdmsr._atomic import replace_text
from dsdmsr.app.console import console, print_result, progress_bar
from dsdmsr.app.options import flattened
from dsdmsr.errors import ConfigError, FileError
from dsdmsr.evaluation.options import EvaluateOptions
from dsdmsr.upscaling.memory import keep_memory

if TYPE_CHECKING:
    from rich.table import Table

    from dsdmsr.evaluation.records import StageScore
    from dsdmsr.evaluation.results import ProtocolResults, Results

__all__ = ["Reports", "evaluate"]


flattened(EvaluateOptions)


@flattened
@dataclass(frozen=True, kw_only=True)
class Reports:
    """The files that results are written to."""

    json: Path | None = None
    """Where to write all figures."""
    markdown: Path | None = None
    """Where to write them as Markdown tables."""
    html: Path | None = None
    """Where to write a page with tables and charts."""
    latex: Path | None = None
    """Where to write the figures as LaTeX tables."""
    low_res: Path | None = None
    """Instead of measuring, a new folder to write the low-resolution maps to, for a method that
    runs elsewhere; --predictions then measures what it gives."""

    @property
    def paths(self) -> list[Path]:
        """The files of results to write."""
        files = (self.json, self.markdown, self.html, self.latex)
        return [path for path in files if path is not None]

    def check(self, *, overwrite: bool) -> None:
        """Refuse, before anything is measured, files that could not be written after it.

        Raises:
            FileError: If one exists and may not be overwritten, or cannot be written.
            DependencyError: If the page needs a package that is not installed.
        """
        for path in self.paths:
            if path.exists() and not overwrite:
                raise FileError(f"{path} exists: give another name, or --overwrite")
            if path.is_dir() or not os.access(path.parent, os.W_OK):
                raise FileError(f"{path} cannot be written: give a file in a folder that can be")
        if self.html is not None:
            from dsdmsr.evaluation.templating import environment

            environment()

    def write(self, results: Results) -> None:
        """Write the files.

        Raises:
            FileError: If one cannot be written.
        """
        from dsdmsr.evaluation.latex import latex
        from dsdmsr.evaluation.page import page
        from dsdmsr.evaluation.report import markdown

        forms = ((self.markdown, markdown), (self.html, page), (self.latex, latex))
        try:
            if self.json is not None:
                results.write(self.json)
            for path, text_of in forms:
                if path is not None:
                    replace_text(path, text_of(results))
        except OSError as error:
            raise FileError(f"{error.filename} cannot be written: {error.strerror}") from error


def evaluate(*, options: EvaluateOptions, reports: Reports | None = None) -> int:
    """Run `dsdmsr evaluate`; return 0.

    Args:
        options: See `EvaluateOptions`.
        reports: See `Reports`.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    reports = reports or Reports()
    if options.crops and reports.html is None:
        raise ConfigError("--crops are shown on the page: give --html FILE, too")
    reports.check(overwrite=options.overwrite)
    if reports.low_res is not None:
        return _write_low_res(options, reports, reports.low_res)
    from dsdmsr.evaluation.run import evaluate as run_evaluation

    keep_memory()
    with progress_bar("evaluating") as show:
        results = run_evaluation(options, show)
    ours = {model.name for model in results.models}
    for protocol in results.protocols:
        console().print(_table(protocol, ours))
    if options.panels is not None:
        console().print(_stage_table(results))
    reports.write(results)
    for path in reports.paths:
        print_result(f"wrote {path}")
    if options.panels is not None:
        print_result(f"wrote panels and stages.csv to {options.panels}")
    return 0


def _write_low_res(options: EvaluateOptions, reports: Reports, folder: Path) -> int:
    if reports.paths or options.predictions or options.with_results or options.panels:
        raise ConfigError("--low-res measures nothing: leave out what asks for figures")
    from dsdmsr.evaluation.run import write_low_res

    with progress_bar("writing") as show:
        count = write_low_res(options, folder, show)
    print_result(f"wrote {count} low-resolution maps and index.csv to {folder}")
    return 0


def _table(protocol: ProtocolResults, ours: Collection[str]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from dsdmsr.evaluation.report import figure, table_rows, title_of

    table = Table(title=escape(title_of(protocol)))
    for heading in ("set", "method", "sees", "figures"):
        table.add_column(heading, overflow="fold")
    for scale in protocol.scales:
        table.add_column(f"×{scale}", justify="right", no_wrap=True)
    before = None
    for row in table_rows(protocol):
        if before not in (None, row.set):
            table.add_section()
        before = row.set
        table.add_row(
            *map(escape, (row.set, row.method, row.sees, row.source)),
            *(figure(row.values.get(scale)) for scale in protocol.scales),
            style="bold" if row.method in ours else None,
        )
    return table


def _stage_table(results: Results) -> Table:
    """Return the mean errors of each network's outputs, over the maps of a protocol's set."""
    from rich.markup import escape
    from rich.table import Table

    from dsdmsr.evaluation.report import figure

    table = Table(title="Outputs of all stages, mean over maps")
    for heading in ("protocol", "set", "method", "scale", "output"):
        table.add_column(heading)
    for heading in ("RMSE", "MAE", "PSNR in dB"):
        table.add_column(heading, justify="right")
    groups: dict[tuple[str, str, str, str, str], list[StageScore]] = {}
    for protocol in results.protocols:
        for score in protocol.stages:
            key = (protocol.letter, score.set, score.method, f"×{score.scale}", score.output)
            groups.setdefault(key, []).append(score)
    for key, scores in groups.items():
        means = {
            name: sum(getattr(score, name) for score in scores) / len(scores)
            for name in ("rmse", "mae", "psnr")
        }
        table.add_row(*map(escape, key), *(figure(mean, name) for name, mean in means.items()))
    return table
