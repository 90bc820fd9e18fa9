"""Functions of keras.ops run directly and in the emitted Keras model, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from typing import Any

import pytest
from xla.families import Family

from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.compiler.dtypes import keras_dtype
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras


def family(inputs: dict[str, str], *lines: str) -> Family:
    """Each line makes an output; one of several tensors says their names."""
    named = [line if " = " in line else f"y{number} = {line}" for number, line in enumerate(lines)]
    return Family(inputs, tuple(named), 2.0)


def each(names: str, call: str) -> tuple[str, ...]:
    """The call of every function, which stands as `f` in it."""
    return tuple(call.replace("f", name) for name in names.split())


ARRAYS = {"x": "f32[2, 3, 4]", "y": "f32[3, 4]", "n": "i32[2, 4]", "m": "i32[4]"}
FAMILIES = {
    "one tensor": family(
        ARRAYS,
        *each(
            "abs arctan arcsinh ceil cos cosh erf erfc exp expm1 floor isfinite isinf isnan log log10 log1p", "x -> f"
        ),
        *each(
            "log2 logical_not nan_to_num negative reciprocal round rsqrt sign sin sinh sqrt square tan", "x + 0.1 -> f"
        ),
        *each("ops.tanh trunc cast(i32) saturate_cast(u8) clip(0.5,1)", "x * 9 - 4 -> f"),
        *each("arccos arcsin arctanh erfinv", "x / 3 -> f"),
        "x + 1 -> arccosh",
    ),
    "two tensors": family(
        ARRAYS,
        *each("divide_no_nan floor_divide mod ops.maximum ops.minimum power arctan2 logaddexp", "(x, y) -> f"),
        *each("ops.add ops.subtract ops.multiply divide", "(x, y + 1) -> f"),
        *each("equal greater greater_equal less less_equal not_equal", "(n, m) -> f"),
        *each("logical_and logical_or logical_xor", "(x > 1, y > 1) -> f"),
        "(x > 1, x, 0) -> where",
        "(n, m) -> outer",
        "(x, y) -> tensordot",
        "(x, y[0]) -> ops.dot",
        "x @ (y -> transpose)",
        '(x, y) -> einsum("abc,dc->abd")',
    ),
    "reductions": family(
        ARRAYS,
        *each("mean var std sum prod max min logsumexp median", "x -> f(axis=[0, 2], keepdims=true)"),
        *each("any all count_nonzero", "n -> f(axis=0)"),
        *each("argmax argmin cumsum cumprod sort argsort", "x -> f(axis=1)"),
        *each("norm norm(3,axis=1)", "x[0] + 0.1 -> f"),
        "v, i = x -> top_k(2)",
        'x -> norm("fro", axis=[0, 2])',
    ),
    "places": family(
        ARRAYS,
        *each("ravel flip roll(1) repeat(2,axis=1) tile([2,1,1]) expand_dims(1) moveaxis(0,2) swapaxes(0,1)", "x -> f"),
        *each("ops.reshape([4,6]) ops.reshape([-1,3]) transpose([2,0,1]) diagonal(0,1,2) tril(-1) triu", "x -> f"),
        *each("broadcast_to([5,3,4]) pad([[1,0],[0,2]]) pad([[1,1],[1,1]],reflect)", "y -> f"),
        "x[:1] -> squeeze(0)",
        "a1, a2 = x -> split(2, axis=2)",
        "b1, b2 = x -> unstack",
        "(x, x * 2) -> stack(axis=1)",
        "(x, x * 2) -> ops.concatenate(axis=1)",
        "(x, n // 5) -> take(axis=1)",
        "(y, m[:3, None] // 3) -> take_along_axis(axis=1)",
        "n -> one_hot(9)",
        *each("zeros_like ones_like full_like(3)", "x + (x -> f)"),
        "y + zeros([3, 4]) + ones([3, 4]) + full([3, 4], 2.5) + eye(3, 4) + tri(3, 4)",
        "arange(4.0) + linspace(0, 1, 4) + y",
    ),
    "elementwise": family(
        ARRAYS,
        *each("cbrt copy deg2rad exp2 fabs isneginf isposinf rad2deg signbit sinc", "x -> f"),
        *each("allclose fmax fmin fmod heaviside hypot isclose logaddexp2", "(x, y) -> f"),
        *each("bitwise_and bitwise_or bitwise_xor left_shift bitwise_right_shift gcd lcm ldexp", "(n, m) -> f"),
        "((x -> stop_gradient), (y -> stop_gradient)) -> nextafter",
        "n -> bitwise_not",
        "n -> one_hot(9, axis=2)",
        "(x, 0.5) -> fmax",
    ),
    "along axes": family(
        ARRAYS,
        *each("nansum nanprod nanmean nanvar nanstd nanmax nanmin ptp", "x / x -> f(axis=[0, 2], keepdims=true)"),
        *each("nanargmax nanargmin nancumsum nancumprod diff trapezoid", "x / x -> f(axis=1)"),
        "x -> quantile(0.3)",
        "x -> quantile([0.3], axis=-1, keepdims=true) -> dense(2)",
        "x -> quantile([0.25, 1.0], axis=[0, 2]) -> dense(2)",
        "x -> percentile([30], axis=1, method=nearest)",
        "x -> percentile(60, axis=[1, 2], method=midpoint, keepdims=true)",
        "(x, y[:, 0]) -> ops.average(axis=1)",
        "x -> ops.average",
        "x -> trapezoid([0, 1, 3, 4])",
        "x -> trapezoid(dx=0.5, axis=0)",
        "x -> diff(2)",
        "y[0] -> vander(3, increasing=true)",
        "(x[0, 0], y[0, :2]) -> correlate",
        "(x[0, 0], y[0]) -> correlate(same)",
        "(arange(4.0), y[0]) -> searchsorted(side=right)",
    ),
    "shapes": family(
        ARRAYS,
        *each("hstack vstack dstack", "(x, x) -> f"),
        "(y, m) -> append(axis=none)",
        "(x, x) -> append(1)",
        "a1, a2 = x -> hsplit([1])",
        "a3, a4, a5 = y -> vsplit(3)",
        "a6, a7 = x -> dsplit(2)",
        "a8, a9, a10 = x -> array_split(3, axis=-1)",
        "b1, b2, b3 = (m, m[1:, ...], m[:2, ...]) -> meshgrid(indexing=ij)",
        "b4, b5 = (x[0, 0], y[:, 0]) -> meshgrid",
        "b6, b7 = m -> unravel_index([2, 3])",
        *each("fliplr flipud rot90 rot90(2,axes=[1,-1]) rot90(-1,[0,2]) trace trace(1,2,1)", "x -> f"),
        *each("diag diag(1) diagflat(-1) view(i32) view(i8)", "y -> f"),
        "m -> diag(1) -> view(i16)",
    ),
    "products and constants": family(
        ARRAYS,
        "(x, x * 2) -> vdot",
        "(x[:, :, :3], y[:, :3]) -> cross",
        "(x, y[:2, ...]) -> cross(axisa=1, axisb=0, axisc=1)",
        "(x[:, :2], x[:, :2]) -> cross(axis=1)",
        "x * hanning(4) + hamming(4) * bartlett(4) - blackman(4) * kaiser(4, 8.6)",
        "y @ ops.identity(4) + geomspace(1, 100, 4) * logspace(0, 1, 4, base=2)",
        "(x -> empty_like) * 0 + empty([3, 4]) * 0",
    ),
}
#: what XLA compiles on JAX alone
ON_JAX = (
    "x -> i0",
    "x -> nanmedian(axis=1)",
    "x -> nanquantile([0.2, 0.3], axis=[0, 1])",
    "x -> nanpercentile(20, axis=[0, 2], keepdims=true)",
    "(x, linspace(0, 2, 5)) -> digitize",
    "(n, m) -> isin(invert=true)",
    "(x, y) -> inner",
    "(y, x[0]) -> kron",
    "s, l = y @ (y -> transpose) -> slogdet",
)


@pytest.mark.parametrize("name", FAMILIES)
def test_direct_execution_is_the_emitted_model(name: str, engine: Engine, rng: Any, twins: Any) -> None:
    FAMILIES[name].check(engine, rng, twins, gradients=True)


def test_what_runs_on_jax_alone(engine: Engine, rng: Any, twins: Any) -> None:
    if engine.name == "jax":
        family(ARRAYS, *ON_JAX).check(engine, rng, twins, gradients=True)
        return
    for line in ON_JAX:
        with pytest.raises(SpecError, match="XLA cannot run"):
            family(ARRAYS, line).check(engine, rng, twins)


def test_emitted_it_runs_on_both_without_xla(engine: Engine) -> None:
    import keras

    spec, namespace = family(ARRAYS, *ON_JAX).compiled(), dict[str, Any]()
    exec(emit(spec), namespace)
    types = {name: value.type for name, value in spec.elaborated.inputs.items()}
    made = namespace["build_model"]()(
        {name: keras.ops.ones(type.shape, keras_dtype(type.dtype)) for name, type in types.items()}
    )
    assert {name: tuple(made[name].shape) for name in made} == {name: type.shape for name, type in spec.outputs.items()}
