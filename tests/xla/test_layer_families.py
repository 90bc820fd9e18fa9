"""Every layer of Keras's is in a family that is run, or said to run nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from xla.families import Family
from xla.layer_families import FAMILIES, NOWHERE

from netwright.backends.xla.support import ENGINES
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Layer, operator_classes
from netwright.compiler.ops.written import WrittenLayer

#: random in inference too, so that there is nothing to compare
RANDOM = {"mix_up"}


def layers() -> set[str]:
    found = (cls for cls in operator_classes() if issubclass(cls, Layer) and not issubclass(cls, WrittenLayer))
    return {cls.name_in_flow for cls in found}


def applied(families: Iterable[Family]) -> set[str]:
    return {cls.name_in_flow for family in families for cls in family.operators()}


def refused() -> set[str]:
    return {line.partition("-> ")[2].partition("(")[0] for line in NOWHERE}


def test_every_layer_is_run_or_refused_everywhere() -> None:
    assert layers() - applied(FAMILIES.values()) - refused() - RANDOM == set()


def test_what_is_refused_everywhere_is_known_to_be() -> None:
    for name in refused():
        cls = find_operator(name)
        assert cls is not None
        assert cls.not_run_on == ENGINES


def test_a_layer_without_a_line_is_seen() -> None:
    fewer = [family._replace(lines=family.lines[1:]) for family in FAMILIES.values()]
    assert {"depthwise_conv2d", "auto_contrast"} <= applied(FAMILIES.values())
    assert "auto_contrast" in layers() - applied(fewer)
