"""Owns how deep a drawing opens blocks where nobody says it: as deep as still fits a page."""

from __future__ import annotations

from netwright.backends.report.columns import PAGE_HEIGHT, PAGE_WIDTH
from netwright.backends.report.drawing import Diagram, draw, items_at
from netwright.backends.report.figure import figure
from netwright.compiler.model import Model

#: how small a page's picture may become, and the items that are worth trying
SMALLEST, MOST = 0.62, 120


def fitting_drawing(model: Model) -> Diagram:
    """The drawing with the most levels of blocks opened that can be read on one page, upright or across."""
    graph = model.elaborated.graph
    best, depth = draw(model, 0), 1
    while graph is not None and items_at(graph, depth - 1) < items_at(graph, depth) <= MOST:
        deeper = draw(model, depth)
        if _scale(deeper) < SMALLEST:
            break
        best, depth = deeper, depth + 1
    return best


def _scale(diagram: Diagram) -> float:
    made = figure(diagram, folded=True)
    across = min(PAGE_WIDTH / made.width, PAGE_HEIGHT / made.height)
    return max(across, min(PAGE_HEIGHT / made.width, PAGE_WIDTH / made.height))
