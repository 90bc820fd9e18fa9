"""Owns what a function of keras.random becomes: a layer that draws anew at each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.syntax import Atom, Call, Code
from netwright.backends.keras.terms import Given, Tensor
from netwright.compiler.ops.random_functions import RandomFunction
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def drawn(  # noqa: PLR0917 - an operator's parts
    to: Translator,
    cls: type[RandomFunction],
    given: Given,
    operands: tuple[Code, ...],
    temps: frozenset[str],
    place: Span,
) -> Tensor:
    """`Draw(lambda x, seed: keras.random.normal(shape, seed=seed))(x)`, of the operands or of any tensor in reach."""
    order = [name for name, attribute in cls.attributes().items() if not attribute.keyword_only]
    by_position = list(zip(order, given.positional, strict=False))
    positional = tuple(code for name, code in by_position if name != "seed")
    keywords = tuple((name, code) for name, code in given.keywords if name != "seed")
    seeds = [code for name, code in (*by_position, *given.keywords) if name == "seed"]
    generator = to.scope.names.claim_first(("seed",))
    to.scope.names.release(generator)
    function = to.emission.keras(cls.keras)
    code = Call(function, (*operands, *positional), (*keywords, ("seed", Atom(generator))))
    layer_keywords = tuple(("seed", seed) for seed in seeds[:1])
    layer_keywords += (("rearranges", Atom("True")),) if cls.rearranges else ()
    tensors = operands or (() if to.is_sized(code) else (to.anchor(place),))
    return to.run_time(code, tensors, temps, place, "Draw", (generator,), layer_keywords)
