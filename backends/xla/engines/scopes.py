"""Owns how programs say where their operations come from: the name of the scope that a path of the spec is traced in,
and what the metadata of a compiled operation, which hold it, come to."""

from __future__ import annotations

import re

#: what of a training step comes from no layer; paths of a spec have no dots
LOSS, OPTIMIZER, METRICS = "train.loss", "train.optimizer", "train.metrics"
_SCOPE = re.compile(r"spec\./(.*?)/\.spec")
_INDEX = re.compile(r"\[(\d+)\]")
#: what JAX and TensorFlow put before the scope of an operation that is differentiated backwards
_BACKWARD = ("transpose(", "gradient_tape/")


def scope_name(path: str) -> str:
    """'stage[0]/conv2d' -> 'spec./stage.0/conv2d/.spec', in the characters that TensorFlow takes."""
    plain = _INDEX.sub(r".\1", path)
    return f"spec./{plain}/.spec"


def origin(op_name: str) -> tuple[str, bool] | None:
    """The path that an operation comes from, and whether it is of the backward pass; none if it comes from no scope. In
    a recurrence the innermost scope counts."""
    scopes = _SCOPE.findall(op_name)
    if not scopes:
        return None
    return re.sub(r"\.(\d+)", r"[\1]", scopes[-1]), any(mark in op_name for mark in _BACKWARD)
