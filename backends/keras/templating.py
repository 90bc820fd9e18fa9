"""Owns the templates: text in, text out. Imports Jinja2 when something is rendered."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def render(name: str, **values: Any) -> str:
    """The template with these values in it."""
    return _template(name).render(**values)


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    text = files("netwright.backends.keras").joinpath("templates", name).read_text(encoding="utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text)
