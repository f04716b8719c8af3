"""A results file as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from dsdmsr.evaluation.charts import bars, falls, profiles, style_of
from dsdmsr.evaluation.crops import Crop
from dsdmsr.evaluation.report import (
    INTERVALS,
    Line,
    figure,
    intervals,
    lines,
    made_by,
    shown_metrics,
    title_of,
)
from dsdmsr.metrics import WITHIN_90, WITHIN_90_NOISY

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; color: #1a1a1a; background: #fff;
       font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; line-height: 1.3;
     margin-top: 2.5rem; border-top: 1px solid #ccc; padding-top: 1rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
a { color: #0b5cad; } p { max-width: 46rem; } nav ul { padding-left: 1.2rem; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: left;
         white-space: nowrap; }
td.n, th.n { text-align: right; } tr.ours { background: #e8f1fb; font-weight: 600; }
tr.first > * { border-top: 2px solid #888; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
          gap: 1rem 1.5rem; }
figure { margin: 0; } figcaption { font-size: .9rem; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #1a1a1a; }
svg .strong { font-weight: 700; } svg .ours { fill: #0b5cad; } svg .plain { fill: #777; }
svg .colour { fill: #d9a05b; } svg .grid { stroke: #ddd; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none;
       font-size: .9rem; }
.key svg { width: 2.2rem; height: .8rem; vertical-align: middle; margin-right: .4rem; }
.crop { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .5rem; }
.crop img { width: 100%; image-rendering: pixelated; border: 1px solid #ccc; display: block; }
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; }
.note { background: #fff6e0; border-left: 4px solid #b37400; padding: .5rem .75rem; }
footer { margin-top: 3rem; border-top: 1px solid #ccc; font-size: .9rem; }
"""

_METRICS_EXPLAINED = {
    "rmse": "root of the mean squared error",
    "mae": "mean absolute error (MAD)",
    "bad pixel rate": "share of pixels off by more than a level (PE)",
    "edge rmse": "RMSE within 4 pixels of an edge of the truth",
    "flying pixel rate": "share of the predictions within 4 pixels of an edge that lie between two "
    "surfaces, on neither",
    "psnr": "peak signal-to-noise ratio, dB",
    "input rmse": "RMSE between the prediction, made small again, and the small map it came from",
    "coverage": f"share of the errors within {WITHIN_90:g} times the expected ones, or of noisy "
    f"maps {WITHIN_90_NOISY:g} times: should be 90 %",
    "ause": "area between the curves of what is left of the error when pixels are left out by the "
    "errors that the network expects, and by those it makes",
    "ssim": "structural similarity",
}


def page(content: dict[str, Any], crops: Sequence[tuple[str, Crop]] = ()) -> str:
    """Return the page; it asks nothing of any other place.

    Args:
        content: A results file's content.
        crops: (Letter of the protocol, crop): the places where methods differ most.
    """
    ours = {model["name"] for model in content["models"]}
    sections = [
        _section(measured, ours, [crop for letter, crop in crops if letter == measured["letter"]])
        for measured in content["protocols"]
    ]
    links = "".join(
        f'<li><a href="#{_anchor(m)}">Protocol ({escape(m["letter"])})</a>: '
        f"{escape(m['title'])}</li>"
        for m in content["protocols"]
    )
    explained = "".join(
        f"<dt><b>{escape(name)}</b></dt><dd>{escape(text)}</dd>"
        for name, text in _METRICS_EXPLAINED.items()
    )
    warning = (
        '<p class="note">This page shows parts of the measured maps. Their terms may not allow '
        "passing it on.</p>"
        if crops
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Depth map super-resolution, measured</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>Depth map super-resolution, measured</h1>
<p>How far each method's large map is from the truth, starting from the same small map. Figures of
one protocol cannot be compared with another's. “This run” was measured for this page; other figures
are taken over, and the tables say from where.</p>
{warning}
</header>
<nav aria-label="Protocols"><ul>{links}</ul></nav>
<main>
{"".join(sections)}
<h2 id="metrics">Metrics</h2>
<dl>{explained}</dl>
<p>A level is a grey level, or a 255th of the truth's range for maps in other units. An edge is
where neighbours differ by more than four levels.</p>
</main>
<footer>
<p>Made by {escape(made_by(content))}</p>
</footer>
</body>
</html>
"""


def _anchor(measured: dict[str, Any]) -> str:
    return f"protocol-{measured['letter']}"


def _section(measured: dict[str, Any], ours: set[str], crops: Sequence[Crop]) -> str:
    means = lines(measured)
    methods = sorted(
        dict.fromkeys(m["method"] for m in measured["means"]), key=lambda name: name not in ours
    )
    parts = [
        f'<h2 id="{_anchor(measured)}">{escape(title_of(measured))}</h2>',
        _table(
            f"Means of each set, protocol ({measured['letter']})",
            ["set", "method"],
            measured["scales"],
            [([x.set, x.method], x) for x in means],
            ours,
        ),
        _intervals(measured),
    ]
    for maps in measured["sets"]:
        parts.append(_charts(measured, maps, means, methods, ours))
    parts += [_scenes(measured, ours), _other_metrics(measured, ours)]
    if crops:
        parts.append("<h3>Where methods differ most</h3>")
        parts += [_crop(crop) for crop in crops]
    return "\n".join(parts)


def _table(
    caption: str,
    names: Sequence[str],
    scales: Sequence[int],
    rows: Iterable[tuple[list[str], Line]],
    ours: set[str],
) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    head += "".join(f'<th scope="col" class="n">×{scale}</th>' for scale in scales)
    head += '<th scope="col">sees</th><th scope="col">figures</th>'
    body, before = [], None
    for cells, line in rows:
        classes = ["ours"] if line.method in ours else []
        if before not in (None, (line.set, line.scene)):
            classes.append("first")
        before = line.set, line.scene
        row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        row += "".join(f'<td class="n">{figure(line.values.get(s))}</td>' for s in scales)
        row += f"<td>{escape(line.sees)}</td><td>{escape(line.source)}</td>"
        body.append(f'<tr class="{" ".join(classes)}">{row}</tr>')
    return _scrolling(caption, head, body)


def _scrolling(caption: str, head: str, body: Sequence[str]) -> str:
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _intervals(measured: dict[str, Any]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in intervals(measured))
    return f"<p>{INTERVALS}:</p><ul>{items}</ul>" if items else ""


def _charts(
    measured: dict[str, Any],
    maps: dict[str, Any],
    means: Sequence[Line],
    methods: Sequence[str],
    ours: set[str],
) -> str:
    name, metric = maps["name"], measured["metric"].upper()
    of_set = [line for line in means if line.set == name]
    what = f"Mean {metric} of set {name}"
    figures = [
        f"<figure><figcaption>{metric} at ×{scale}</figcaption>"
        f"{bars(of_set, scale, highlight=ours, what=what)}</figure>"
        for scale in measured["scales"]
    ]
    parts = [
        f"<h3>Set {escape(name)}: {escape(maps['title'])}, in {escape(maps['unit'])}</h3>",
        '<div class="charts">',
        *figures,
        "</div>",
    ]
    if any(line.sees != "depth" for line in of_set):
        parts.append("<p>Light brown bars: methods that see the colour picture, too.</p>")
    keys = "".join(_key(method, methods) for method in methods)
    parts += [
        f"<h4>Error by distance from an edge, set {escape(name)}</h4>",
        f'<ul class="key">{keys}</ul>',
        '<div class="charts">',
    ]
    for scale in measured["scales"]:
        curves = {
            m["method"]: m["profile"]
            for m in measured["means"]
            if (m["set"], m["scale"]) == (name, scale)
        }
        what = f"RMSE by distance from an edge, set {name}, ×{scale}"
        parts.append(
            f"<figure><figcaption>RMSE at ×{scale}</figcaption>"
            f"{profiles(curves, what=what, order=methods)}</figure>"
        )
    parts.append("</div>")
    if any("left" in m for m in measured["means"] if m["set"] == name):
        parts += [
            f"<h4>How sure answers are, set {escape(name)}</h4>",
            "<p>What is left of the mean absolute error when the pixels that a network is least "
            "sure of are left out; dotted: when those with the largest errors are.</p>",
            '<div class="charts">',
        ]
        parts += [_sparsification(measured, name, scale, methods) for scale in measured["scales"]]
        parts.append("</div>")
    return "\n".join(parts)


def _sparsification(measured: dict[str, Any], name: str, scale: int, methods: Sequence[str]) -> str:
    sure = [m for m in measured["means"] if (m["set"], m["scale"]) == (name, scale) and "left" in m]
    drawn = falls(
        {m["method"]: (m["left"], m["left_at_best"]) for m in sure},
        what=f"Mean absolute error left, set {name}, ×{scale}",
        order=methods,
    )
    return f"<figure><figcaption>Left of the error at ×{scale}</figcaption>{drawn}</figure>"


def _key(method: str, methods: Sequence[str]) -> str:
    colour, dash = style_of(method, methods)
    return (
        '<li><svg viewBox="0 0 36 12" aria-hidden="true"><line x1="0" x2="36" y1="6" y2="6" '
        f'stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}"/></svg>{escape(method)}</li>'
    )


def _scenes(measured: dict[str, Any], ours: set[str]) -> str:
    every = [line for line in lines(measured, scenes=True) if line.scene != "mean"]
    table = _table(
        f"{measured['metric'].upper()} of every scene, protocol ({measured['letter']})",
        ["set", "scene", "method"],
        measured["scales"],
        [([x.set, x.scene, x.method], x) for x in every],
        ours,
    )
    return f"<details><summary>Every scene</summary>{table}</details>"


def _other_metrics(measured: dict[str, Any], ours: set[str]) -> str:
    shown = shown_metrics(measured)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("set", "factor", "method"))
    head += "".join(f'<th scope="col" class="n">{m.replace("_", " ")}</th>' for m in shown)
    body = []
    for mean in sorted(measured["means"], key=lambda m: (m["set"], m["scale"])):
        cells = "".join(f"<td>{escape(str(c))}</td>" for c in (mean["set"], f"×{mean['scale']}"))
        cells += f"<td>{escape(mean['method'])}</td>"
        cells += "".join(f'<td class="n">{figure(mean.get(name), name)}</td>' for name in shown)
        body.append(f'<tr class="{"ours" if mean["method"] in ours else ""}">{cells}</tr>')
    table = _scrolling(f"All metrics, protocol ({measured['letter']})", head, body)
    return f"<details><summary>All metrics</summary>{table}</details>"


def _image(png: str, meaning: str) -> str:
    return f'<img src="data:image/png;base64,{png}" alt="{escape(meaning)}">'


def _crop(crop: Crop) -> str:
    where = f"{crop.scene} ({crop.set}), ×{crop.scale}"
    pictures = "".join(
        f"<figure>{_image(p.depth, f'{p.title}: {where}')}"
        f"{_image(p.error, f'error of {p.title}: {where}') if p.error else ''}"
        f"<figcaption>{escape(p.title)}</figcaption></figure>"
        for p in crop.pictures
    )
    height, width = crop.side
    return (
        f"<details open><summary>{escape(where)}</summary><p>Rows {crop.top} to "
        f"{crop.top + height - 1}, columns {crop.left} to {crop.left + width - 1}. Black is "
        f"{crop.span[0]:.4g}, white {crop.span[1]:.4g}. Below each method's map is its error, "
        f"from white (0) to dark ({crop.largest_error:.3g} and more); {escape(crop.unit)}.</p>"
        f'<div class="crop">{pictures}</div></details>'
    )
