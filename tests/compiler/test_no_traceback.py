"""Whatever is done to a spec, compiling it ends, in a model or in diagnostics: in no traceback, and not never."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from case_pages import read_cases
from reference_specs import PATHS

import netwright
from netwright.dsl.render import render_text

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SPECS = {path.stem: path.read_text(encoding="utf-8") for path in PATHS}
PAGES = {
    page.stem: [case.spec.text for case in read_cases(page)] for page in sorted((ROOT / "tests" / "cases").glob("*.md"))
}
#: CPU seconds after which a compilation is taken to hang; a mutated spec takes a few milliseconds
PATIENCE = 10

_TOKEN = re.compile(r"\w+|->|[^\w\s]|[ ]+|\n")
STRANGE = [
    *("0", "-1", "1e999", "9" * 30, "true", "none", '""', "'", '"', "[]", "{}", "()", "(", ")", "[", "]", "{", "}"),
    *("->", "=", "==", ",", ":", ".", "...", "*", "**", "/", "//", "@", "|", ">", "&a", "*a", "!t", "#", "\t", "\0"),
    *("x", "N", "dense", "lstm(3)", "x.shape", "x[0]", "[x]", "shared", "for", "if", "else", "in", "é", "→", "\u2028"),
]


def delete(parts: list[str], chance: random.Random) -> None:
    del parts[chance.randrange(len(parts))]


def duplicate(parts: list[str], chance: random.Random) -> None:
    at = chance.randrange(len(parts))
    parts.insert(at, parts[at])


def swap(parts: list[str], chance: random.Random) -> None:
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]


def replace(parts: list[str], chance: random.Random) -> None:
    parts[chance.randrange(len(parts))] = chance.choice(STRANGE)


CHANGES: tuple[Callable[[list[str], random.Random], None], ...] = (delete, duplicate, swap, replace)


def mutated(text: str, seed: int) -> str:
    """The text after one to four changes of its tokens or its lines."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        parts = text.splitlines(keepends=True) if chance.random() < 0.3 else _TOKEN.findall(text)
        if parts:
            chance.choice(CHANGES)(parts, chance)
        text = "".join(parts)
    return text


def compile_and_render(text: str) -> None:
    try:
        diagnostics = netwright.compile(text + "\n").diagnostics
    except netwright.SpecError as error:
        diagnostics = error.diagnostics
        assert diagnostics, text
    assert all(render_text(diagnostic) for diagnostic in diagnostics)


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """A compilation that does not end becomes a failure."""

    def hang(*_: object) -> NoReturn:
        raise TimeoutError("the compiler hangs")

    before = signal.signal(signal.SIGVTALRM, hang)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("name", SPECS)
def test_mutations_of_specs(name: str) -> None:
    for seed in range(12):
        compile_and_render(mutated(SPECS[name], seed))


@pytest.mark.parametrize("name", PAGES)
def test_mutations_of_cases(name: str) -> None:
    for seed, text in enumerate(PAGES[name]):
        compile_and_render(mutated(text, seed))


def nested(inner: str, outer: str, times: int) -> str:
    for _ in range(times):
        inner = outer.format(inner)
    return inner


HEAD = 'netwright: 1\ninputs: {x: "f32[N, 8]"}\n'


def bindings(first: str, following: str, times: int) -> str:
    """`f0 = first`, `f1 = following of f0`, and so on, the last one applied to x."""
    lines = [f"f0 = {first}", *(f"f{at} = {following.format(f'f{at - 1}')}" for at in range(1, times))]
    return HEAD + "model: |\n  " + "\n  ".join(lines) + f"\n  x -> f{times - 1}\n"


LARGE = {
    "a recursion inside deep expressions": HEAD
    + f"blocks:\n  f(n): {nested('f(n + 1)', '(1 if false else {})', 90)}\nmodel: x -> dense(f(1))",
    "a recursion of layers inside deep expressions": HEAD
    + f"blocks:\n  x -> f(n): {nested('x -> f(n + 1)', '(x if false else {})', 90)}\nmodel: x -> f(1)",
    "deep brackets": HEAD + f"model: x -> {'(' * 190}relu{')' * 190}",
    "deeper brackets": HEAD + f"model: x -> {'(' * 5000}relu{')' * 5000}",
    "a long sum": HEAD + f"model: {' + '.join(['x'] * 3000)}",
    "a long sum of dims": f'netwright: 1\ninputs: {{x: "f32[{" + ".join(["N"] * 3000)}, 8]"}}\nmodel: x -> relu',
    "layers in layers": bindings("dense(8)", "({} -> relu) * 2", 400),
    "compositions that double": bindings("dense(8)", "{0} -> {0}", 60),
    "forks that double": bindings("dense(8)", "{{{0}, {0}}} -> add", 60),
    "lists that double": bindings("[1]", "[{0}, {0}]", 60),
    "lists in lists": bindings("[1]", "[{0}]", 3000),
    "texts that double": bindings('"ab"', "{0} + {0}", 60),
    "sizes that square": bindings("x.shape[0] + 1", "{0} * ({0} + 1)", 60),
    "numbers that square": bindings("10", "{0} * {0}", 60),
    "many copies of many copies": bindings("dense(8)", "{} * 1000", 30),
}


@pytest.mark.parametrize("kind", LARGE)
def test_texts_that_ask_for_much(kind: str) -> None:
    compile_and_render(LARGE[kind])
