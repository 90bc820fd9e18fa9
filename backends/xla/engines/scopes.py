"""Owns how programs say where their operations come from: the name of the scope that a path of the spec is traced in,
and what the metadata of a compiled operation, which hold it, come to."""

from __future__ import annotations

import re

#: what of a training step comes from no layer
LOSS, OPTIMIZER, METRICS = "train.loss", "train.optimizer", "train.metrics"
_SCOPE = re.compile(r"spec\./(.*?)/\.spec")
#: in a path: an index, or a character that scopes do not have; and what these are in a scope, whose dots are all ours
_WRITTEN = re.compile(r"\[(\d+)\](?=/|$)|[^A-Za-z0-9_/]")
_READ = re.compile(r"\.(\d+)(?=/|$)|\.x([0-9a-f]+)\.")
#: what JAX and TensorFlow put before the scope of an operation that is differentiated backwards
_BACKWARD = ("transpose(", "gradient_tape/")


def scope_name(path: str) -> str:
    """'stage[0]/conv-a' -> 'spec./stage.0/conv.x2d.a/.spec', in the characters that TensorFlow takes."""
    plain = _WRITTEN.sub(lambda found: f".{found[1]}" if found[1] else f".x{ord(found[0]):x}.", path)
    return f"spec./{plain}/.spec"


def origin(op_name: str) -> tuple[str, bool] | None:
    """The path that an operation comes from, and whether it is of the backward pass; none if it comes from no scope. In
    a recurrence the innermost scope counts."""
    scopes = _SCOPE.findall(op_name)
    if not scopes:
        return None
    path = _READ.sub(lambda found: f"[{found[1]}]" if found[1] else chr(int(found[2], 16)), scopes[-1])
    return path, any(mark in op_name for mark in _BACKWARD)
