"""Owns drawings as Mermaid flowcharts, which GitHub and many editors show inside Markdown: blocks are subgraphs, edges
carry shapes. All text of a spec is escaped here. Knows nothing of specs."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.backends.report.drawing import MARK, Diagram, Item

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.,:/=()[]+-×·…")
_SHAPES = {"input": ('(["', '"])'), "output": ('(["', '"])'), "block": ('[["', '"]]')}
_CLASSES = """\
  classDef port fill:#1c2733,color:#fff,stroke:#1c2733
  classDef shared stroke:#d9480f,stroke-width:2px"""


def to_mermaid(diagram: Diagram, title: str) -> str:
    """The drawing as a flowchart."""
    chart = _Chart()
    chart.level(diagram, "  ")
    described = " ".join(title.split())
    note = [f"  %% {diagram.note}"] if diagram.note else []
    lines = [f"%% {MARK}: {described}", "flowchart TB", *note, _CLASSES, *chart.lines, *chart.edges()]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Escaped: what could mean anything to Mermaid becomes an entity code."""
    return "".join(char if char in _PLAIN else f"#{ord(char)};" for char in text)


class _Chart:
    """Items get ids n0, n1, ... in order. The ports of a box are no nodes of Mermaid: `_fed` tells what feeds each."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0
        self._edges: list[tuple[int, int, str]] = []
        self._fed: dict[int, int] = {}

    def level(self, diagram: Diagram, indent: str) -> dict[str, list[int]]:
        """Write the items of a level; returns the ids of its ports."""
        ids: list[int] = []
        insides: dict[int, dict[str, list[int]]] = {}
        ports: dict[str, list[int]] = {"entry": [], "exit": []}
        for index, item in enumerate(diagram.items):
            ids.append(self._count)
            self._count += 1
            if item.kind in ports:
                ports[item.kind].append(ids[index])
            elif item.inside is None:
                self.lines.append(f"{indent}{_node(ids[index], item)}")
            else:
                insides[index] = self._box(ids[index], item, item.inside, indent)
        for edge in diagram.edges:
            source = insides[edge.source]["exit"][edge.output] if edge.source in insides else ids[edge.source]
            target = insides[edge.target]["entry"][edge.input] if edge.target in insides else ids[edge.target]
            if edge.target in insides or diagram.items[edge.target].kind == "exit":
                self._fed[target] = source
            else:
                self._edges.append((source, target, edge.label))
        return ports

    def _box(self, number: int, item: Item, inside: Diagram, indent: str) -> dict[str, list[int]]:
        self.lines.append(f'{indent}subgraph n{number}["{_label(item)}"]')
        ports = self.level(inside, indent + "  ")
        self.lines.append(f"{indent}end")
        if item.shared is not None:
            self.lines.append(f"{indent}class n{number} shared")
        return ports

    def edges(self) -> Iterator[str]:
        """Every edge between two nodes, each written once."""
        found: dict[str, None] = {}
        for first, target, label in self._edges:
            source = first
            while source in self._fed:
                source = self._fed[source]
            found[f'  n{source} -->|"{_text(label)}"| n{target}'] = None
        yield from found


def _node(number: int, item: Item) -> str:
    before, after = _SHAPES.get(item.kind, ('["', '"]'))
    kind = "port" if item.kind in ("input", "output") else "" if item.shared is None else "shared"
    return f"n{number}{before}{_label(item)}{after}" + (f":::{kind}" if kind else "")


def _label(item: Item) -> str:
    name = f"{item.name} × {item.repeats}" if item.repeats > 1 else item.name
    return "<br/>".join(map(_text, filter(None, [f"{name} {item.detail}".strip(), item.note]))) or " "
