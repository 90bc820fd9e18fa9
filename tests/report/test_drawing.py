"""Drawings of specs: what is in them, well-formed and escaped text, the same bytes each time."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from reference_specs import FOLDER, each

import netwright
from netwright.backends.report.columns import PAGE_HEIGHT, PAGE_WIDTH
from netwright.backends.report.drawing import Diagram, draw
from netwright.backends.report.figure import Figure, figure
from netwright.backends.report.mermaid import to_mermaid
from netwright.backends.report.page import fitting_drawing
from netwright.backends.report.svg import to_html, to_svg

SVG = "{http://www.w3.org/2000/svg}"

SHARED = """\
netwright: 1
name: shared
inputs: {left: "f32[N, 8]", right: "f32[N, 8]"}
layers: {tower: dense(4)}
model: |
  (left -> tower) + (right -> tower) -> dense(2) -> relu * 3
"""


def model(name: str) -> netwright.api.Model:
    return netwright.compile(FOLDER / f"{name}.yaml")


def texts(svg: str) -> list[str]:
    """What is written in the picture, a string for each text element."""
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", each())
@pytest.mark.parametrize("depth", [None, 0, pytest.param(9, marks=pytest.mark.slow)])
def test_every_spec_is_drawn_well_formed(name: str, depth: int | None) -> None:
    compiled = model(name)
    diagram = fitting_drawing(compiled) if depth is None else draw(compiled, depth)
    root = ElementTree.fromstring(to_svg(diagram, compiled.name))
    assert root.findtext(f"{SVG}title") == compiled.name
    assert [*compiled.inputs, *compiled.outputs] == [item.name for item in diagram.items if item.kind in PORTS]
    assert to_mermaid(diagram, compiled.name).splitlines()[1] == "flowchart TB"


PORTS = ("input", "output")


def test_operators_say_what_characterises_them() -> None:
    found = texts(to_svg(draw(model("resnet"), 1), ""))
    assert "conv2d 64, 7×7, /2" in found
    assert "max_pooling2d 3×3, /2" in found
    assert "dense 1000, softmax" in found
    assert "9,408 params" in found  # 7 * 7 * 3 * 64
    assert "N×112×112×64" in found


def test_a_repeat_is_one_box_with_its_count() -> None:
    found = texts(to_svg(draw(model("resnet"), 1), ""))
    assert [text for text in found if "residual 256" in text] == ["residual 256, strides=2", "residual 256 × 5"]


def test_blocks_are_called_with_values() -> None:
    assert "stage 128, 4" in texts(to_svg(draw(model("resnet"), 0), ""))


def test_applications_of_a_shared_layer_look_alike() -> None:
    diagram = draw(netwright.compile(SHARED), 0)
    towers = [item for item in diagram.items if item.shared is not None]
    assert [(item.name, item.shared) for item in towers] == [("dense", 0), ("dense", 0)]
    svg = to_svg(diagram, "")
    assert svg.count('class="r dense s0"') == 2
    assert texts(svg).count("shared tower · 36 params") == 2


def test_tooltips_say_path_line_and_figures() -> None:
    root = ElementTree.fromstring(to_svg(draw(model("resnet"), 1), ""))
    tips = [element.text or "" for element in root.iter(f"{SVG}title")]
    tip = next(tip for tip in tips if tip.startswith("conv_bn/conv2d\n"))
    lines = (FOLDER / "blocks" / "convolution.yaml").read_text().splitlines()
    line = 1 + next(index for index, line in enumerate(lines) if "x -> conv2d(filters, kernel" in line)
    assert f"convolution.yaml:{line}\n" in tip
    assert "9,408 parameters, 118 M MACs" in tip  # 112 * 112 * 64 * 7 * 7 * 3


@pytest.mark.parametrize("name", ["resnet", "googlenet", "unet", "siamese", "seq2seq_bahdanau", "gpt2"])
def test_boxes_hold_what_is_in_them_and_nothing_overlaps(name: str) -> None:
    check_level(figure(draw(model(name), 9), folded=True))


def check_level(level: Figure) -> None:
    cells = [shape.cell for shape in level.shapes if shape.cell.height]
    for index, one in enumerate(cells):
        for other in cells[index + 1 :]:
            apart = one.x + one.width <= other.x + 0.01 or other.x + other.width <= one.x + 0.01
            assert apart or one.y + one.height <= other.y + 0.01 or other.y + other.height <= one.y + 0.01
    for shape in level.shapes:
        if shape.inside is not None:
            left, top = shape.inside.origin
            assert left >= 0
            assert top + shape.inside.height <= shape.cell.height + 0.01
            assert left + shape.inside.width <= shape.cell.width + 0.01
            check_level(shape.inside)


@pytest.mark.parametrize("name", each())
def test_the_default_depth_fits_a_page(name: str) -> None:
    compiled = model(name)
    diagram = fitting_drawing(compiled)
    made = figure(diagram, folded=True)
    short, long = sorted((made.width, made.height))
    fits = short <= PAGE_HEIGHT / 0.62 and long <= PAGE_WIDTH / 0.62
    assert fits or diagram == draw(compiled, 0)


def test_text_of_a_spec_is_escaped() -> None:
    hostile = '</title><script>alert(1)</script> & "x" `y` \x0b ]]> --> ü'
    svg = to_svg(Diagram(), hostile)
    assert "<script" not in svg
    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == hostile.replace("\x0b", "\ufffd")
    assert svg.isascii()
    assert "<script" not in to_html(Diagram(), hostile)


def test_mermaid_text_is_escaped() -> None:
    diagram = draw(netwright.compile(SHARED), 0)
    diagram.items[2].detail = '"] --> x; end <b> #35; `a` %% \n click'
    line = next(line for line in to_mermaid(diagram, "a\nb\u2028c").splitlines() if line.startswith("  n2"))
    assert re.fullmatch(r'  n2\["[\w .,:/=()\[\]+×·#;-]*<br/>shared tower · 36 params"\]:::shared', line)
    assert to_mermaid(diagram, "a\nb\u2028c").splitlines()[0] == "%% Written by Netwright: a b c"


NODE = r'n\d+(\(\["[^"<>]+"\]\)|\[\["[^"]+"\]\]|\["[^"]+"\])(:::\w+)?'
STATEMENT = re.compile(
    rf'{NODE}|subgraph n\d+\["[^"]+"\]|end|class n\d+ shared|classDef \w+ [\w:#,-]+|n\d+ -->\|"[^"|]+"\| n\d+'
)


@pytest.mark.parametrize("name", each())
def test_mermaid_statements_are_of_known_form(name: str) -> None:
    """The forms that Mermaid 11's own parser took for every spec."""
    _, head, *lines = to_mermaid(draw(model(name), 3), name).splitlines()
    assert head == "flowchart TB"
    assert [line for line in lines if not STATEMENT.fullmatch(line.strip())] == []
    named = {match[0] for line in lines if (match := re.match(r"(?:subgraph )?n\d+(?=[\[(])", line.strip()))}
    nodes = {name.removeprefix("subgraph ") for name in named}
    ends = [end for line in lines if "-->" in line for end in re.findall(r"n\d+(?= -->|$)", line)]
    assert set(ends) <= nodes
    assert sum(line.strip().startswith("subgraph") for line in lines) == sum(line.strip() == "end" for line in lines)


@pytest.mark.slow
def test_pictures_are_the_same_bytes_in_every_process() -> None:
    code = "import sys; from netwright.cli import main; main(['draw', sys.argv[1], '--depth', '2'])"
    command = [sys.executable, "-c", code, str(FOLDER / "transformer.yaml")]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    drawn = {
        subprocess.run(command, check=True, capture_output=True, env=environment | {"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(drawn) == 1
    assert drawn.pop().startswith(b"<svg")


@pytest.mark.slow
def test_a_spec_of_ten_thousand_layers_is_drawn() -> None:
    layers = "\n".join(["  - dense(8)"] * 10_000)
    compiled = netwright.compile(f'netwright: 1\nname: deep\ninputs: {{x: "f32[N, 8]"}}\nmodel:\n{layers}\n')
    assert to_svg(fitting_drawing(compiled), "deep").count("<g>") == 10_002


@pytest.mark.slow
def test_a_block_that_doubles_is_not_drawn_to_the_end() -> None:
    text = """\
netwright: 1
name: doubling
inputs: {x: "f32[N, 8]"}
blocks:
  "x -> tree(n)": |
    x -> relu if n == 0 else x -> tree(n - 1) -> tree(n - 1)
model: x -> tree(40)
"""
    assert to_svg(draw(netwright.compile(text), 1_000_000), "").count("<g>") < 5_000
