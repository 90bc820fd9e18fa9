"""Every tensor function is in a family that is run on the engines: see `on_engine_functions.py` and its neighbours."""

from __future__ import annotations

import pytest
from xla import on_engine_functions, on_engine_network

from netwright.backends.xla.sites import sites_of
from netwright.backends.xla.support import ENGINES, check_compiled
from netwright.compiler.ops.op import Function, operator_classes
from netwright.dsl.diagnostics import SpecError


def test_every_function_is_run() -> None:
    families = [*on_engine_functions.FAMILIES.values(), *on_engine_network.FAMILIES.values(), *on_engine_network.ON_JAX]
    families.append(on_engine_functions.family(on_engine_functions.ARRAYS, *on_engine_functions.ON_JAX))
    applied = {cls for family in families for cls in family.operators()}
    functions = {cls for cls in operator_classes() if issubclass(cls, Function) and cls.keras.startswith("ops.")}
    assert sorted(cls.name_in_flow for cls in functions - applied) == []


@pytest.mark.parametrize(
    ("shape", "line", "refused"),
    [
        ("4, 4", "(x -> svd)[0]", []),
        ("4, 3", "(x -> svd)[0]", ["jax"]),
        ("4, 2", "(x -> svd)[0]", ["tensorflow", "jax"]),
        ("4, 2", "(x -> svd(full_matrices=false))[0]", []),
        ("4, 2", "x -> svd(compute_uv=false)", []),
        ("2, 5", "(x, x) -> irfft", []),
        ("2, 5", "(x, x) -> irfft(8)", []),
        ("2, 5", "(x, x) -> irfft(7)", ["tensorflow"]),
        ("2, 1", "(x, x) -> irfft(1)", []),
        ("2, T", "(x, x) -> irfft(8)", ["tensorflow"]),  # it is not known
    ],
)
def test_what_has_no_gradient_is_known_by_its_sizes(shape: str, line: str, refused: list[str]) -> None:
    graph = on_engine_functions.family({"x": f"f32[{shape}]"}, line).compiled().elaborated.graph
    assert graph is not None
    sites, found = sites_of(graph), []
    for engine in ENGINES:
        check_compiled(sites, engine, training=False)
        try:
            check_compiled(sites, engine, training=True)
        except SpecError:
            found.append(engine)
    assert found == refused
