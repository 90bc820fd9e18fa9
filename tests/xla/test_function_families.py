"""Every tensor function is in a family that is run on the engines: see `on_engine_functions.py` and its neighbours."""

from __future__ import annotations

from xla import on_engine_functions, on_engine_network

from netwright.compiler.ops.op import Function, operator_classes


def test_every_function_is_run() -> None:
    families = [*on_engine_functions.FAMILIES.values(), *on_engine_network.FAMILIES.values(), *on_engine_network.ON_JAX]
    families.append(on_engine_functions.family(on_engine_functions.ARRAYS, *on_engine_functions.ON_JAX))
    applied = {cls for family in families for cls in family.operators()}
    functions = {cls for cls in operator_classes() if issubclass(cls, Function) and cls.keras.startswith("ops.")}
    assert sorted(cls.name_in_flow for cls in functions - applied) == []
