"""The matrix in the documents: a line for each library, and what isn't exact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.common.results import made_by
from dsdmsr.evaluation.report import markdown_table
from tools.interop.environments import ENVIRONMENTS, HERE

__all__ = ["exceptions", "read_table", "recipes_table", "summary", "written_table"]

Libraries = dict[str, dict[str, Any]]
_OUTCOMES = {
    "exact": "✓",
    "as itself": "as itself",
    "refused": "refused",
    "not written": "–",
    "differs": "other numbers",
    "wrong": "WRONG",
}
_WAYS = {"written": "its file", "read": "our file"}


def summary(results: dict[str, Any]) -> str:
    """Return in a sentence how many files there are, and how many are exact."""
    libraries: Libraries = results["libraries"]
    parts = []
    for way, words in (("written", "files of theirs that we read"), ("read", "of ours")):
        outcomes = [cell["outcome"] for each in libraries.values() for cell in each[way]]
        exact, itself = outcomes.count("exact"), outcomes.count("as itself")
        more = f", {itself} as the library itself reads them" if itself else ""
        parts.append(f"{len(outcomes)} {words}, {exact} of them to exactly the same numbers{more}")
    wrong = sum(c["outcome"] == "wrong" for v in libraries.values() for w in _WAYS for c in v[w])
    count = "none" if not wrong else str(wrong)
    return f"{len(libraries)} libraries and versions; {'; '.join(parts)}; {count} wrong."


def written_table(results: dict[str, Any]) -> str:
    """Return a row for each library that writes: its version, and its formats and types."""
    return _table(results, "written", "what we read of it")


def read_table(results: dict[str, Any]) -> str:
    """Return a row for each library that reads: its version, and our formats and types."""
    return _table(results, "read", "what it reads of ours")


def _table(results: dict[str, Any], way: str, title: str) -> str:
    rows = [
        [name, about["version"], _formats(about[way])]
        for name, about in results["libraries"].items()
        if about[way]
    ]
    return "\n".join(
        [*markdown_table(["library", "version", title], rows, names=3), "", made_by(results)]
    )


def _formats(cells: list[dict[str, str]]) -> str:
    """Return the formats of cells, each with its types and forms; what isn't exact is said."""
    parts = []
    for suffix in dict.fromkeys(cell["suffix"] for cell in cells):
        mine = [cell for cell in cells if cell["suffix"] == suffix]
        types = _listed(cell["dtype"] for cell in mine)
        forms = _listed((cell["form"] for cell in mine if cell["form"]), " / ")
        text = f"`{suffix}` {types}" + (f" ({forms})" if forms else "")
        outcomes = dict.fromkeys(c["outcome"] for c in mine if c["outcome"] != "exact")
        if outcomes:
            text += f": **{', '.join(_OUTCOMES[each] for each in outcomes)}**, below"
        parts.append(text)
    return "; ".join(parts)


def _listed(words: Iterable[str], between: str = ", ") -> str:
    return between.join(dict.fromkeys(words))


def exceptions(results: dict[str, Any]) -> str:
    """Return a row for each file that isn't exact."""
    rows = []
    for name, about in results["libraries"].items():
        for way, whose in _WAYS.items():
            by_words: dict[tuple[str, str, str], list[str]] = {}
            for cell in about[way]:
                if cell["outcome"] != "exact":
                    key = cell["suffix"], cell["outcome"], cell["words"]
                    by_words.setdefault(key, []).append(f"{cell['dtype']} {cell['form']}".strip())
            rows += [
                [
                    f"{name} {about['version']}",
                    whose,
                    f"`{suffix}` {', '.join(types)}",
                    f"{_OUTCOMES[o]}: {words}",
                ]
                for (suffix, o, words), types in by_words.items()
            ]
    head = ["library", "file", "of", "what comes of it"]
    return "\n".join([*markdown_table(head, rows, names=4), "", made_by(results)])


def recipes_table(results: dict[str, Any]) -> str:
    """Return a row for each environment in which recipes ran: those of its own, and how many."""
    ran: dict[str, list[str]] = results["recipes"]
    packages = {
        each.name: ", ".join(p for p in each.packages if "==" in p) or "`.[dev]`"
        for each in ENVIRONMENTS
    }
    shared = set.intersection(*map(set, ran.values()))
    rows = []
    for name, tests in ran.items():
        own = tests if name == HERE.name else [test for test in tests if test not in shared]
        rows.append([packages[name], str(len(tests)), ", ".join(map(_as_words, own))])
    head = ["environment", "tests that passed", "beside those that run everywhere"]
    return "\n".join([*markdown_table(head, rows, names=3), "", made_by(results)])


def _as_words(test: str) -> str:
    name, _, variant = test.removeprefix("test_").replace("_", " ").partition("[")
    return f"{name} ({variant[:-1]})" if variant else name
