"""The commands that make and measure networks. Heavy libraries are loaded where they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dsdmsr.app.console import err, out
from dsdmsr.errors import ConfigError

__all__ = ["evaluate"]


def evaluate(
    *,
    protocol: Annotated[
        list[Literal["a", "b", "b-root", "b-5", "d", "e", "interval", "all"]],
        Parameter(consume_multiple=True, negative=()),
    ],
    data: Path | None = None,
    maps: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    encoding: str | None = None,
    scales: Annotated[
        list[Literal[2, 4, 8, 16]] | None, Parameter(consume_multiple=True, negative=())
    ] = None,
    model: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    baselines: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    ensemble: Literal[1, 8] = 1,
    blind: Annotated[bool, Parameter(negative=())] = False,
    refine: Annotated[bool, Parameter(negative=())] = False,
    noise: float | None = None,
    ssim: bool = False,
    json: Path | None = None,
    markdown: Path | None = None,
    html: Path | None = None,
    crops: bool = False,
    panels: Path | None = None,
    device: str = "auto",
    overwrite: bool = False,
) -> int:
    """Measure networks, with baselines and published figures beside them.

    Parameters
    ----------
    protocol
        One or more of: a, noise-free Middlebury; b, noisy Middlebury, deviation 651/level; b-root,
        the square root of that; b-5, 5 levels everywhere; d, Lu and two frames of NYU v2; e,
        Middlebury in 8 bits after OpenCV's cubic; interval, Middlebury, every s-th pixel; all, a,
        b, d, e and interval.
    data
        The folder that holds the protocols' maps (middlebury/eval, lu_rgbd/eval, nyu/eval).
        Default: the one that DSDMSR_DATA names.
    maps
        Instead of those, depth files of your own, folders of them, or patterns.
    encoding
        What the numbers in your own files mean, as for upscale.
    scales
        Only these factors.
    model
        Packaged networks, folders, or owner/name on the Hub. Default: the default network.
    baselines
        What to measure beside them: nearest, bilinear, bicubic, lanczos (these four by default);
        tgv, total generalised variation, which takes long; and, with OpenCV installed,
        rolling-guidance, weighted-median.
    ensemble
        8: measure the self-ensemble beside each network that isn't symmetric, which takes eight
        times as long; see upscale.
    blind
        Networks are told how the small maps of a protocol were made, as networks that others
        trained for it know. Measure those that heed it also without telling them.
    refine
        Measure each network's refined answers beside it; see upscale.
    noise
        With --refine: standard deviation of the small maps' noise. Default: estimated.
    ssim
        Measure structural similarity, too, which takes as long as all the rest.
    json
        Where to write all figures.
    markdown
        Where to write them as Markdown tables.
    html
        Where to write a page with tables and charts.
    crops
        Show on that page where methods differ most; it then holds parts of the maps.
    panels
        A new folder for a picture of each map: what each stage makes of it beside the truth, the
        answer, and its error. The errors of all stages are shown, and written to stages.csv there.
    device
        auto, cpu, or cuda.
    overwrite
        Replace files that exist.
    """
    from dsdmsr.app.evaluate import Evaluation, evaluate_networks
    from dsdmsr.evaluation.methods import BASELINES
    from dsdmsr.upscaling.refinement import Refinement

    if noise is not None and not refine:
        raise ConfigError("--noise needs --refine: give both, or leave it out")
    evaluate_networks(
        Evaluation(
            protocols=protocol,
            data=data,
            maps=maps or (),
            encoding=encoding,
            scales=scales or (),
            models=model or (),
            baselines=tuple(BASELINES) if baselines is None else baselines,
            ensemble=ensemble,
            blind=blind,
            refinement=Refinement(noise=noise) if refine else None,
            ssim=ssim,
            json=json,
            markdown=markdown,
            html=html,
            crops=crops,
            panels=panels,
            device=device,
            overwrite=overwrite,
        ),
        out=out,
        err=err,
    )
    return 0
