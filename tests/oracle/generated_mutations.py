"""What is made wrong on purpose in generated layer cases: a value, a rank, sizes, a missing argument or operand.
Each mutation changes the arguments or the operands' sizes in place; its name stands in the case."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.generated_values import draw_wrong


def wrong_type(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    names = [name for name, item in cls.attributes().items() if "Tensor" not in item.annotation and name != "name"]
    positional = [name for name in names if not cls.attributes()[name].keyword_only]
    name = random.choice(positional or names)
    arguments[name] = draw_wrong(random, cls, cls.attributes()[name])


def rank_above(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    at = random.randrange(len(shapes))
    shapes[at] = (*shapes[at][:1], random.choice((1, 3)), *shapes[at][1:])


def rank_below(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    at = random.randrange(len(shapes))
    shapes[at] = shapes[at][:1] + shapes[at][2:]


def sizes_small(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    shapes[:] = [(shape[0], *(min(size, random.choice((1, 2))) for size in shape[1:])) for shape in shapes]


def unknown_argument(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    arguments[random.choice(("flavour", "unit", "kernel"))] = 1


def missing_argument(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    if arguments:
        del arguments[random.choice(list(arguments))]


def missing_operand(random: Random, cls: Any, arguments: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    if len(shapes) > 1:
        shapes.pop()


MUTATIONS = (
    *(wrong_type, wrong_type, rank_above, rank_below, sizes_small),
    *(unknown_argument, missing_argument, missing_operand),
)
