"""Jinja2 templates of the page and its charts; all text in them is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dsdmsr.errors import needing
from dsdmsr.evaluation.report import figure

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]


@cache
def _environment() -> Environment:
    with needing("an HTML page"):
        from jinja2 import Environment, PackageLoader, StrictUndefined
    environment = Environment(
        loader=PackageLoader("dsdmsr.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    return environment


def render(template: str, **values: object) -> str:
    """Return a template's text with values filled in, as markup that other templates leave as is.

    Args:
        template: The name of a file in ``templates``.
        values: Its variables.

    Raises:
        ConfigError: If jinja2 is not installed.
    """
    environment = _environment()
    from markupsafe import Markup  # comes with jinja2

    return Markup(environment.get_template(template).render(**values))
