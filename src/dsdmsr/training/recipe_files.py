"""Recipe files: YAML ⇄ `Recipe`, packaged recipes by name, and changes that a command asks for."""

from __future__ import annotations

import dataclasses
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, cast

import yaml

from dsdmsr._plain import from_plain, to_plain
from dsdmsr.errors import ConfigError, suggestion
from dsdmsr.training.options import TrainOptions, packaged_recipes
from dsdmsr.training.recipe import Recipe

__all__ = [
    "load_recipe",
    "recipe_from_dict",
    "recipe_to_dict",
    "recipe_to_yaml",
    "resolve",
]

_LARGEST = 2**20
"""Characters of a recipe; those in the package have two thousand."""
_MOST_VALUES = 100_000


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as plain lists, dicts and scalars, the form of its YAML file."""
    return cast(dict[str, Any], to_plain(recipe))


def recipe_to_yaml(recipe: Recipe) -> str:
    """Return the recipe as a YAML file says it, with all its defaults."""
    return yaml.safe_dump(recipe_to_dict(recipe), sort_keys=False, default_flow_style=None)


def recipe_from_dict(values: object) -> Recipe:
    """Build a recipe from the form of `recipe_to_dict`; what is left out keeps its default.

    Raises:
        ConfigError: If a key is unknown or a value is of the wrong type or range.
    """
    return from_plain(Recipe, values, "recipe")


def load_recipe(name_or_file: str) -> Recipe:
    """Load a recipe by its name in the package, or from a YAML file.

    Raises:
        ConfigError: If there is no such recipe, or the file is not one.
    """
    packaged = packaged_recipes()
    source: Traversable = packaged.get(name_or_file, Path(name_or_file))
    if not source.is_file():
        raise ConfigError(
            f"recipe {name_or_file!r} not found{suggestion(name_or_file, packaged)}: give a YAML "
            f"file, or one of {', '.join(packaged)}"
        )
    try:
        with source.open(encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST:,} characters")
        values = _plain_values(text)
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        summary = str(error).splitlines()[0]
        raise ConfigError(f"recipe {name_or_file!r} is not readable YAML: {summary}") from error
    return recipe_from_dict(values)


def _plain_values(text: str) -> object:
    """Return what YAML says.

    Raises:
        YAMLError: If it is damaged, or its aliases stand for too much.
    """
    loader = yaml.SafeLoader(text)
    node = loader.get_single_node()
    if node is None:
        return None
    _count_written_out(node, {})
    values: object = loader.construct_document(node)
    return values


def _count_written_out(node: yaml.Node, counts: dict[int, int]) -> int:
    """Return how many values a node has with all its aliases written out.

    Raises:
        YAMLError: If they are too many, or without end.
    """
    if id(node) in counts:
        return counts[id(node)]
    total = 1
    parts = node.value if isinstance(node.value, list) else []
    counts[id(node)] = _MOST_VALUES + 1  # what an alias inside of itself finds
    for part in parts:
        for each in part if isinstance(part, tuple) else (part,):
            total += _count_written_out(each, counts)
            if total > _MOST_VALUES:
                raise yaml.YAMLError(f"its aliases (*) stand for over {_MOST_VALUES:,} values")
    counts[id(node)] = total
    return total


def resolve(options: TrainOptions) -> Recipe:
    """Load the recipe of a run, and change it as its options say.

    Raises:
        ConfigError: If there is no such recipe, or it cannot be changed so.
    """
    recipe = load_recipe(options.recipe)
    if options.maps is not None:
        recipe = recipe.learning_from(options.maps)
    if options.fast_dev:
        recipe = recipe.in_brief()
    if options.errors_alone:
        recipe = dataclasses.replace(recipe, trains="expected_errors")
    return recipe.lasting(steps=options.steps, minutes=options.minutes)
