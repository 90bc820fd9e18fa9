"""Owns drawings as SVG and HTML: one file, light or dark as the reader's system asks, the same bytes for the same spec.
All text of a spec is escaped here. Knows nothing of specs."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from string import Template

from netwright.backends.report.drawing import MARK, Diagram, Item
from netwright.backends.report.figure import LINE, NOTE_LINE, Figure, Shape, figure
from netwright.backends.report.layout import Route

_MARGIN = 24.0

#: the color of an operator by its family; others have none
_COLORS = {
    "convolution": "conv",
    "convolution_separable": "conv",
    "convolution_transpose": "conv",
    "core": "dense",
    "einsum_dense": "dense",
    "embeddings": "embed",
    "recurrent": "recur",
    "wrappers": "recur",
    "attention": "attend",
    "multi_head_attention": "attend",
    "normalization": "norm",
    "activation_layers": "act",
    "activations": "act",
    "pooling": "pool",
    "pooling_adaptive": "pool",
    "merging": "merge",
}
_SHARED = 6  # colors for shared layers

_LIGHT = (
    "back:#fff;ink:#1c2733;soft:#5b6875;line:#7c8a99;node:#f4f6f8;edge:#b9c3cd;box:#f9fafb;head:#eaeef2;port:#1c2733;"
    "porttext:#fff;conv:#dbe9fb;dense:#e6e0fa;embed:#fbe6d0;recur:#fadfeb;attend:#fff0c2;norm:#e3efe0;act:#fde3dc;"
    "pool:#d5f0ee;merge:#e8eaf0;s0:#d9480f;s1:#1971c2;s2:#2f9e44;s3:#9c36b5;s4:#b88300;s5:#0b8a8a"
)
_DARK = (
    "back:#12171d;ink:#e6ebf0;soft:#9aa7b4;line:#7f8d9b;node:#222a33;edge:#475463;box:#181e26;head:#252e39;port:#dfe6ed;"
    "porttext:#12171d;conv:#1d3a5c;dense:#372d63;embed:#573818;recur:#59273f;attend:#514308;norm:#28422a;act:#5b2c21;"
    "pool:#124542;merge:#313a49;s0:#ff8a5c;s1:#6cb6ff;s2:#69db7c;s3:#e08cf5;s4:#ffd43b;s5:#4fd6d6"
)
_SHAPES = """\
.netwright{font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}
.netwright text{font-size:13px}.netwright .m{text-anchor:middle}.netwright .n{font-size:10.5px}
.netwright .b{font-weight:600}.netwright .head,.netwright .port{stroke:none}
.netwright .l{font-size:10.5px;stroke-width:3px;paint-order:stroke;stroke-linejoin:round}
.netwright .e{fill:none;stroke-width:1.4px}
"""
_PAINT = """\
.netwright{background:$back}.netwright text{fill:$ink}.netwright .back{fill:$back}.netwright .n{fill:$soft}
.netwright .r{fill:$node;stroke:$edge}.netwright .box{fill:$box;stroke:$edge}.netwright .head{fill:$head}
.netwright .port{fill:$port}.netwright .port+text{fill:$porttext}.netwright .block{fill:$head}
.netwright .l{fill:$soft;stroke:$back}.netwright .l.in{stroke:$box}
.netwright .e{stroke:$line}.netwright .a{fill:$line}
"""
_FILLS = "".join(f".netwright .{name}{{fill:${name}}}" for name in dict.fromkeys(_COLORS.values()))
_STROKES = "".join(
    f".netwright .s{n}{{stroke:$s{n};stroke-width:2.2px}}.netwright .n.t{n}{{fill:$s{n};font-weight:600}}"
    for n in range(_SHARED)
)


def _painted(palette: str) -> str:
    """The rules that color. CSS has variables for this, but many viewers of SVG know none."""
    colors = dict(entry.split(":") for entry in palette.split(";"))
    return Template(f"{_PAINT}{_FILLS}\n{_STROKES}\n").substitute(colors)


_STYLE = f"{_SHAPES}{_painted(_LIGHT)}@media(prefers-color-scheme:dark){{{_painted(_DARK)}}}"


def to_svg(diagram: Diagram, title: str) -> str:
    """The drawing as an SVG file."""
    made = figure(diagram, folded=True)
    width, height = made.width + 2 * _MARGIN, made.height + 2 * _MARGIN
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="netwright" role="img" {size}>',
        f"<!-- {MARK} -->",
        f"<title>{_text(title)}</title>",
        *([f"<desc>{_text(diagram.note)}</desc>"] if diagram.note else []),
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{_n(width)}" height="{_n(height)}"/>',
        *_level(made, _MARGIN, _MARGIN, nested=False),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def to_html(diagram: Diagram, title: str) -> str:
    """The drawing as a page of its own."""
    page = "margin:0;background:#fff}@media(prefers-color-scheme:dark){body{background:#12171d}"
    style = f"body{{{page}}}svg{{display:block;margin:auto;max-width:100%;height:auto}}"
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{style}</style>'
    body = f"<body>\n{to_svg(diagram, title)}</body>"
    return f'<!doctype html>\n<!-- {MARK} -->\n<html lang="en">\n<head>{head}</head>\n{body}\n</html>\n'


def _n(value: float) -> str:
    """A coordinate to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    """Escaped, in ASCII; what XML cannot hold is shown as a replacement character."""
    shown = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
    return escape(shown).encode("ascii", "xmlcharrefreplace").decode("ascii")


# ---------------------------------------------------------------- shapes


def _level(level: Figure, x: float, y: float, *, nested: bool) -> Iterator[str]:
    """Edges below shapes below labels."""
    for _, route, turned in level.routes:
        yield f'<path class="e" d="{(_corners if turned else _bends)(route, x, y)}"/>'
    for shape in level.shapes:
        yield from _shape(shape, x + shape.cell.x, y + shape.cell.y)
    for edge, route, _ in level.routes:
        if level.shapes[edge.target].item.kind != "exit":
            yield _arrow(route[-1][0] + x, route[-1][1] + y)
    for label_x, label_y, text in level.labels:
        kind = "l in" if nested else "l"
        yield f'<text class="{kind}" x="{_n(x + label_x)}" y="{_n(y + label_y)}">{_text(text)}</text>'


def _bends(route: Route, x: float, y: float) -> str:
    """Straight down within ranks, an S between them."""
    parts = [f"M{_n(route[0][0] + x)} {_n(route[0][1] + y)}"]
    for index in range(1, len(route)):
        (x1, y1), (x2, y2) = route[index - 1], route[index]
        if abs(x1 - x2) < 0.5:
            if y1 != y2:
                parts.append(f"V{_n(y2 + y)}")
        else:
            middle = _n((y1 + y2) / 2 + y)
            parts.append(f"C{_n(x1 + x)} {middle} {_n(x2 + x)} {middle} {_n(x2 + x)} {_n(y2 + y)}")
    return "".join(parts)


def _corners(route: Route, x: float, y: float) -> str:
    """Straight from point to point, the corners rounded."""
    parts = [f"M{_n(route[0][0] + x)} {_n(route[0][1] + y)}"]
    for before, corner, after in zip(route, route[1:], route[2:], strict=False):
        near, far = _toward(corner, before), _toward(corner, after)
        points = (
            _n(value + shift) for point in (near, corner, far) for value, shift in zip(point, (x, y), strict=True)
        )
        parts.append("L{} {}Q{} {} {} {}".format(*points))
    return "".join([*parts, f"L{_n(route[-1][0] + x)} {_n(route[-1][1] + y)}"])


def _toward(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point where the rounding of a corner begins."""
    length = abs(corner[0] - other[0]) + abs(corner[1] - other[1])
    part = min(8.0, length / 2) / length if length else 0.0
    return corner[0] + (other[0] - corner[0]) * part, corner[1] + (other[1] - corner[1]) * part


def _arrow(x: float, y: float) -> str:
    return f'<path class="a" d="M{_n(x)} {_n(y)}l-4 -7h8z"/>'


def _shape(shape: Shape, x: float, y: float) -> Iterator[str]:
    item, cell = shape.item, shape.cell
    if item.kind in ("entry", "exit"):
        return
    yield f"<g><title>{_text(item.tooltip)}</title>"
    if item.repeats > 1:
        for step in (6.0, 3.0):
            yield _rect((x + step, y + step, cell.width, cell.height), f"r {_class(item)}", 7)
    rounding = cell.height / 2 if item.kind in ("input", "output") else 7
    yield _rect((x, y, cell.width, cell.height), f"r {_class(item)}", rounding)
    if shape.inside is None:
        yield from _words(shape, x + cell.width / 2, y + (cell.height - shape.caption.height) / 2)
        yield "</g>"
        return
    yield _head(x, y, cell.width, shape.head)
    yield from _words(shape, x + cell.width / 2, y + 5)
    yield "</g>"
    left, top = shape.inside.origin
    yield from _level(shape.inside, x + left, y + top, nested=True)


def _rect(extent: tuple[float, float, float, float], kind: str, rounding: float) -> str:
    x, y, width, height = map(_n, extent)
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return f'<rect class="{kind.strip()}" {place} rx="{_n(rounding)}"/>'


def _head(x: float, y: float, width: float, height: float) -> str:
    """The strip of a box's title, round at the top."""
    across, down = _n(width - 14), _n(height - 7)
    return f'<path class="head" d="M{_n(x + 1)} {_n(y + height)}v-{down}q0 -6 6 -6h{across}q6 0 6 6v{down}z"/>'


def _class(item: Item) -> str:
    color = {"input": "port", "output": "port", "box": "box", "block": "block"}.get(item.kind)
    color = color or _COLORS.get(item.family, "")
    return color if item.shared is None else f"{color} s{item.shared % _SHARED}"


def _words(shape: Shape, x: float, y: float) -> Iterator[str]:
    for line in shape.caption.lines:
        spans = (f'<tspan class="b">{_text(text)}</tspan>' if bold else _text(text) for text, bold in line)
        yield f'<text class="m" x="{_n(x)}" y="{_n(y + 13)}">{" ".join(spans)}</text>'
        y += LINE
    if shape.caption.note:
        kind = "m n" if shape.item.shared is None else f"m n t{shape.item.shared % _SHARED}"
        yield f'<text class="{kind}" x="{_n(x)}" y="{_n(y + NOTE_LINE - 4)}">{_text(shape.caption.note)}</text>'
