"""Generated layer calls against live Keras: output shapes, parameters, trainable ones, and whether the call is refused.
A run decides where Keras's inference and its execution differ, or where Keras fails only when run, in training or not.
`--cases 5000` and `--seed` draw more and others; without them a slice that CI has time for is tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from oracle.conftest import Answer, answer_of
from oracle.generated_cases import LAYERS, Case, Tensor, case
from oracle.keras_answers import KerasAnswer, compiled_answer, keras_answer

from netwright.compiler.dims import evaluate, symbol
from netwright.compiler.dtypes import KERAS_NAMES
from netwright.compiler.types import TensorType

pytestmark = [pytest.mark.keras, pytest.mark.slow]

NO_MASK = "takes no mask"  # Keras on JAX does not run it
STATES = "state"  # Keras ignores those that are too many
RANK = "expected a tensor of rank"  # Keras takes the axes before the last as batches, or broadcasts the states to them
DROPS_NOTHING = "expected floats"  # a rate of 0 or 1 draws nothing
TWICE = "an axis is given twice"
#: parts of our refusals of what Keras runs, by layer, and why
STRICTER: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), (NO_MASK,)),
    **dict.fromkeys(("SimpleRNNCell", "LSTMCell", "GRUCell"), (STATES, RANK)),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), ("expected a mask of shape", STATES, RANK)),
    "RNN": (RANK,),
    **dict.fromkeys(("RandAugment", "AugMix"), ("takes images with",)),  # some of what they draw from takes others
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"), (DROPS_NOTHING, "noise of shape")),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), (DROPS_NOTHING,)),
    **dict.fromkeys(("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D"), (RANK,)),
    **dict.fromkeys(("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D"), (RANK,)),
    "Activation": ("expected floats",),  # relu6 keeps integers on TensorFlow alone
    "Average": ("expected floats",),  # of integers the backends make different floats
    "EinsumDense": ("the equation takes",),  # TensorFlow multiplies matrices where the equation has but two axes
    "MelSpectrogram": (RANK,),
    # else it may be the root of a negative number; a single last axis fails on JAX alone
    "BatchNormalization": ("the moving variance must start", "cannot train with a mask"),
    "CategoryEncoding": ("sparse tensors",),  # not on every backend
    "Discretization": ("sparse tensors",),
    "HashedCrossing": ("has no attribute",),  # Keras takes whatever is given by keyword
    "Dot": ("is out of range",),  # Keras counts axes round and round
    "MultiHeadAttention": (TWICE, "attention runs over axes", "needs attention over axis 1 alone"),
    "Normalization": ("an axis is named twice",),
    "Pipeline": ("noise of shape", DROPS_NOTHING),
    "PReLU": ("shared axes of this tensor",),  # Keras counts -1 from the axis before the last
    "Resizing": ("expected floats",),  # whether integers are padded depends on the sizes
    "RMSNormalization": ("expected floats",),  # integers are normalized, and cut to integers
    "ReLU": ("expected floats",),  # only a slope that is whole multiplies integers
    "TextVectorization": ("how many tokens", "texts differ in tokens"),  # of the texts at hand Keras knows it
    "TimeDistributed": (RANK, DROPS_NOTHING),  # Keras does not check what the layer inside expects
    "Softmax": (TWICE, "expected floats"),  # a mask makes floats of what is masked
}
#: layers of which Keras infers other shapes than it computes, and when; the run decides
INFERRED_OTHERWISE: dict[str, str] = {
    **dict.fromkeys(("Attention", "AdditiveAttention"), "the rank of the query, where that of the value is another"),
    "CategoryEncoding": "multi_hot of rank 3 takes the last axis together instead of axis 1",
    "EinsumDense": "an ellipsis of several axes has them in reverse",
    "Hashing": "one_hot takes the last axis together instead of adding one",
    "MelSpectrogram": "frames as if nothing were mirrored at the ends, and odd fft_length even",
    "MultiHeadAttention": "scores have as many columns as the query is long, not the key",
    "Rescaling": "one channel and several scales make as many channels",
    "TimeDistributed": "as the layer inside",
}


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_agrees_with_live_keras(layer: str, request: pytest.FixtureRequest) -> None:
    if backend() != "tensorflow":
        pytest.skip("what runs differs a little between backends; the cases were gone through on TensorFlow")
    seed, number = request.config.getoption("--seed"), request.config.getoption("--cases")
    cases = [case(seed, layer, at) for at in range(-(-number // len(LAYERS)))]
    found = [f"{each}: {what}" for each in cases for what in disagreements(each)]
    assert not found, f"{len(found)} of {len(cases)}\n" + "\n".join(found)


def disagreements(each: Case) -> Iterator[str]:
    ours = _ours(each)
    keras = keras_answer(each, runs=backend() not in ours.not_run_on)
    if keras.run_error and not ours.refusal:
        keras = _compiled(each, keras)
    decisive = ours.refusal or (_all_known(each) and not ours.supposed)
    fails = keras.refusal or (keras.run_error if decisive else "")
    if ours.refusal:
        if not fails and not _stricter(each, ours):
            yield f"refused ({ours.refusal}), Keras gives {keras.run.shapes or keras.inferred.shapes}"
    elif fails:
        yield f"taken as {ours.outputs}, Keras fails: {fails}"
    else:
        yield from _differences(each, keras, ours)


def backend() -> str:
    import keras

    return str(keras.backend.backend())


def _compiled(each: Case, eager: KerasAnswer) -> KerasAnswer:
    """The answer with what a compiled run gives, where there is one: kernels of TensorFlow's own have more limits."""
    try:
        compiled = compiled_answer(each).run
        return replace(eager, run_error="", run=eager.run if eager.run.shapes else compiled)
    except Exception:  # noqa: BLE001 - Keras raises what it likes
        return eager


def _ours(each: Case) -> Answer:
    shapes = [tensor.shape for tensor in each.operands]
    dtypes = [tensor.dtype for tensor in each.operands]
    tensors = {
        name: tuple(map(_type, given)) if isinstance(given, list) else _type(given)
        for name, given in each.tensors.items()
    }
    return answer_of(each.layer, each.arguments, shapes, dtypes, tensors)


def _type(tensor: Tensor) -> TensorType:
    """With the symbols of the first operand, which has the same axes first."""
    named = [symbol(f"D0{axis}" if axis else "N") if size is None else size for axis, size in enumerate(tensor.shape)]
    return TensorType(tensor.dtype, named)


def _all_known(each: Case) -> bool:
    """But for the batch, where all have the same; the run failed with sizes that the compiler knew."""
    unknown = {axis for tensor in each.operands for axis, size in enumerate(tensor.shape) if size is None}
    return not unknown or (unknown == {0} and all(len(tensor.shape) > 1 for tensor in each.operands))


def _stricter(each: Case, ours: Answer) -> bool:
    """Whether we may refuse what Keras takes: a value of a wrong type or out of range that it happens not to look at,
    a size that must be known, or what is in the table."""
    known = each.mutation == "wrong_type" or "must be known when the model is compiled" in ours.refusal
    return known or any(part in ours.refusal for part in STRICTER.get(each.layer, ()))


def _differences(each: Case, keras: KerasAnswer, ours: Answer) -> Iterator[str]:
    values = {
        name: size
        for names, tensor in zip(ours.symbols, each.operands, strict=True)
        for name, size in zip(names, tensor.sizes, strict=True)
        if name
    }
    found: list[Any] = [tuple(evaluate(dim, values) for dim in output.shape) for output in ours.outputs]
    possible = all(size > 0 for shape in found for size in shape)  # what was not known may be too small in the run
    if possible or _all_known(each):
        yield from _shape_differences(each, keras, found)
    yield from _dtype_differences(each, keras, [KERAS_NAMES[output.dtype] for output in ours.outputs])
    counts = ours.parameters
    if (counts.total, counts.trainable) != (keras.total, keras.trainable):
        yield f"{counts.total} parameters, {counts.trainable} trainable; Keras {keras.total} and {keras.trainable}"


def _shape_differences(each: Case, keras: KerasAnswer, found: list[Any]) -> Iterator[str]:
    """The run decides; without one, what Keras infers."""
    if keras.run.shapes and found != list(keras.run.shapes):
        yield f"shape {found}, the run gives {keras.run.shapes}"
    if each.layer in INFERRED_OTHERWISE:
        return
    if not keras.run.shapes and not _same_known(found, keras.inferred.shapes):
        yield f"shape {found}, Keras infers {keras.inferred.shapes}"
    if keras.run.shapes and not _same_known(keras.run.shapes, keras.inferred.shapes):
        yield f"Keras infers {keras.inferred.shapes} and runs {keras.run.shapes}, which is not written down"


def _dtype_differences(each: Case, keras: KerasAnswer, found: list[str]) -> Iterator[str]:
    """What Keras infers is no oracle here: for most layers it is their own dtype, whatever they make of integers."""
    if keras.run.dtypes and found != list(keras.run.dtypes):
        yield f"of {found}, the run gives {keras.run.dtypes}"


def _same_known(found: Sequence[Any], inferred: Sequence[Any]) -> bool:
    """What Keras infers of the sizes is what is found."""
    return len(found) == len(inferred) and all(
        len(shape) == len(sizes) and all(size in (None, dim) for dim, size in zip(shape, sizes, strict=True))
        for shape, sizes in zip(found, inferred, strict=True)
    )
