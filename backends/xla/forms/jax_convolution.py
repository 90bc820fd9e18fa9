"""Owns convolutions for JAX on the CPU, channels last. Their gradients are convolutions in the layout of the forward
pass, with their operands transposed: those that JAX derives transpose by naming dims, which XLA's CPU compiler calls no
fast kernel for inside of a loop (there they took ten times as long). With a kernel of size 1 all three are products of
matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
from jax import lax, numpy as jnp
from keras import ops

Ints = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]
#: the dims of images, kernels and results
_LAYOUTS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


class Window(NamedTuple):
    """How the kernel moves, along each dim. bases: the steps between the images' entries, zeros in between."""

    strides: Ints
    pads: Padding
    dilation: Ints
    bases: Ints


def convolution(x: Any, kernel: Any, strides: Ints, padding: str, dilation: Ints) -> Any:
    """x: (N, *dims, C), kernel: (*sizes, C, F) -> (N, *lengths, F), as keras.ops.conv; padding 'causal', too."""
    kernel = ops.convert_to_tensor(kernel)
    x = ops.convert_to_tensor(x, kernel.dtype)
    sizes = kernel.shape[:-2]
    if set(sizes) == {1}:
        steps = (slice(None, None, stride) for stride in strides)
        return x[(slice(None), *steps)] @ kernel.reshape(kernel.shape[-2:])
    return _convolution(x, kernel, window_of(x, kernel, strides, padding, dilation))


def window_of(x: Any, kernel: Any, strides: Ints, padding: str, dilation: Ints) -> Window:
    """How a kernel moves over images."""
    spans = [(size - 1) * rate + 1 for size, rate in zip(kernel.shape[:-2], dilation, strict=True)]
    pads = _PADDINGS[padding](x.shape[1:-1], spans, strides)
    return Window(tuple(strides), pads, tuple(dilation), (1,) * len(spans))


def _same(lengths: Ints, spans: Sequence[int], strides: Ints) -> Padding:
    return tuple((low, high) for low, high in lax.padtype_to_pads(lengths, spans, strides, "SAME"))


_PADDINGS: Mapping[str, Callable[[Ints, Sequence[int], Ints], Padding]] = {
    "valid": lambda lengths, spans, strides: tuple((0, 0) for _ in spans),
    "same": _same,
    "causal": lambda lengths, spans, strides: tuple((span - 1, 0) for span in spans),
}


def _plain(x: Any, kernel: Any, window: Window) -> Any:
    strides, pads, dilation, bases = window
    layout = _LAYOUTS[len(strides)]
    return lax.conv_general_dilated(x, kernel, strides, pads, bases, dilation, dimension_numbers=layout)


def with_gradient(convolution: Callable[..., Any], backward: Callable[..., tuple[Any, Any]]) -> Callable[..., Any]:
    """A function of images, kernel and window, with a gradient of its own by the first two."""
    own = jax.custom_vjp(convolution, nondiff_argnums=(2,))
    own.defvjp(lambda x, kernel, window: (convolution(x, kernel, window), (x, kernel)), backward)
    return own  # type: ignore[no-any-return]


def _backward(window: Window, kept: tuple[Any, Any], dy: Any) -> tuple[Any, Any]:
    x, kernel = kept
    of_images, of_kernel = gradient_windows(window, x.shape[1:-1], kernel.shape[:-2], dy.shape[1:-1])
    turned = jnp.swapaxes(jnp.flip(kernel, range(kernel.ndim - 2)), -1, -2)
    over_batch = _plain(jnp.swapaxes(x, 0, -1), _as_kernel(dy), of_kernel)
    return _plain(dy, turned, of_images), _as_kernel(over_batch)


_convolution = with_gradient(_plain, _backward)


def gradient_windows(window: Window, lengths: Ints, sizes: Ints, made: Ints) -> tuple[Window, Window]:
    """How the turned kernel moves over the output's gradient, and that gradient over the images. They are padded so
    that along every dim there are as many results as there is to differentiate by."""
    strides, pads, dilation, ones = window
    of_images, of_kernel = [], []
    for length, size, count, stride, (low, _), rate in zip(lengths, sizes, made, strides, pads, dilation, strict=True):
        reach, spread = (size - 1) * rate, (count - 1) * stride + 1
        of_images.append((reach - low, length + low - spread))
        of_kernel.append((low, reach + spread - length - low))
    return Window(ones, tuple(of_images), dilation, strides), Window(dilation, tuple(of_kernel), strides, ones)


def _as_kernel(x: Any) -> Any:
    """(N, *dims, F) -> (*dims, N, F)."""
    return jnp.moveaxis(x, 0, -2)
