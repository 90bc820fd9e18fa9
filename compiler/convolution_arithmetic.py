"""Owns the lengths that convolutions and pooling give, by Keras's formulas on dims. Whether a length is possible
(>= 1) is for the operator to say. Knows nothing of layers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from netwright.compiler.dims import Dim


def effective_kernel(kernel: int, dilation: int) -> int:
    """The span of a dilated kernel: d (k - 1) + 1."""
    return dilation * (kernel - 1) + 1


def conv_output_length(length: Dim, kernel: int, stride: int = 1, dilation: int = 1, padding: str = "valid") -> Dim:
    """valid: (L - d (k - 1) - 1)//s + 1; same, causal: (L - 1)//s + 1. Pooling is the same with d = 1.

    keras/src/ops/operation_utils.py, compute_conv_output_shape and compute_pooling_output_shape. For a length too
    short for the kernel, the result is <= 0, where Keras raises."""
    lost = effective_kernel(kernel, dilation) if _is_valid(padding, "same", "causal") else 1
    return (length - lost) // stride + 1


def conv_transpose_output_length(  # noqa: PLR0917 - the arguments are Keras's
    length: Dim,
    kernel: int,
    stride: int = 1,
    padding: str = "valid",
    output_padding: int | None = None,
    dilation: int = 1,
) -> Dim:
    """With k the effective kernel and p the output padding: valid: (L - 1) s + k + p, p = max(k, s) - k by default;
    same: (L - 1) s + k % 2 + p, or L s without p.

    keras/src/backend/common/backend_utils.py, _get_output_shape_given_tf_padding."""
    span = effective_kernel(kernel, dilation)
    if _is_valid(padding, "same"):
        return (length - 1) * stride + (max(span, stride) if output_padding is None else span + output_padding)
    if output_padding is None:
        return length * stride
    return (length - 1) * stride + span % 2 + output_padding


def _is_valid(padding: str, *others: str) -> bool:
    if padding not in ("valid", *others):
        from netwright.dsl.diagnostics import CompilerBug

        raise CompilerBug(f"padding {padding!r} was not checked")
    return padding == "valid"
