"""Owns which targets a loss takes for a prediction: decided on types, before anything is compiled, with both shapes in
the message. The rules are Keras's, `squeeze_or_expand_to_same_rank` included."""

from __future__ import annotations

from collections.abc import Callable

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.types import TensorType


class TargetFault(Exception):
    """A loss does not take this target with this prediction. `help` says how to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


def check_target(loss: Configuration, target: TensorType, prediction: TensorType) -> None:
    """Raise TargetFault unless `loss` takes a target of this type beside the prediction."""
    _RULES.get(loss.name_in_flow, _same_shape)(loss, target, prediction)


def _same_shape(loss: Configuration, target: TensorType, prediction: TensorType) -> None:
    ours, theirs = _same_rank(target.shape, prediction.shape)
    if not _fits(ours, theirs):
        help = None
        if _fits(target.shape, prediction.shape[:-1]):
            help = f"the target looks like class numbers: use sparse_{loss.name_in_flow}, or one-hot targets"
            help = help if loss.name_in_flow == "categorical_crossentropy" else None
        raise TargetFault(f"{_both(loss, target, prediction)}: they must have the same shape", help)


def _sparse(loss: Configuration, target: TensorType, prediction: TensorType) -> None:
    classes = prediction.shape[-1] if prediction.shape else 1
    wanted = prediction.shape[:-1]
    shape = target.shape[:-1] if len(target.shape) == len(wanted) + 1 and target.shape[-1] == 1 else target.shape
    if _fits(shape, wanted):
        return
    help = f"the target is one number from 0 to {classes} - 1 for each prediction: {TensorType('i32', wanted)}"
    if _fits(target.shape, prediction.shape):
        help = f"the target looks one-hot: use {loss.name_in_flow.removeprefix('sparse_')}, or give class numbers"
    raise TargetFault(f"{_both(loss, target, prediction)}: the target has no axis of classes", help)


def _circle(loss: Configuration, target: TensorType, prediction: TensorType) -> None:
    if not (prediction.rank == 2 and _fits(target.shape, prediction.shape[:1])):
        raise TargetFault(f"{_both(loss, target, prediction)}: it takes labels (N) and embeddings (N, d)")


def _ctc(loss: Configuration, target: TensorType, prediction: TensorType) -> None:
    if not (prediction.rank == 3 and target.rank == 2 and _fits(target.shape[:1], prediction.shape[:1])):
        raise TargetFault(f"{_both(loss, target, prediction)}: it takes labels (N, L) and logits (N, T, classes)")


def _both(loss: Configuration, target: TensorType, prediction: TensorType) -> str:
    return f"{loss.name_in_flow} does not take a target {target} with a prediction {prediction}"


def _same_rank(target: tuple[Dim, ...], prediction: tuple[Dim, ...]) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
    """The shapes after Keras has dropped a last axis of 1 that only one of them has."""
    if len(target) == len(prediction) + 1 and target[-1] == 1:
        return target[:-1], prediction
    if len(prediction) == len(target) + 1 and prediction[-1] == 1:
        return target, prediction[:-1]
    return target, prediction


def _fits(one: tuple[Dim, ...], other: tuple[Dim, ...]) -> bool:
    """No dim of one is known to differ from the other's."""
    return len(one) == len(other) and all(equal(a, b) is not False for a, b in zip(one, other, strict=True))


_RULES: dict[str, Callable[[Configuration, TensorType, TensorType], None]] = {
    "sparse_categorical_crossentropy": _sparse,
    "categorical_generalized_cross_entropy": _sparse,
    "circle": _circle,
    "ctc": _ctc,
}
