"""Owns convolutions: what all of them share (`KernelLayer`), and conv1d, conv2d, conv3d. Lengths are those of
`convolution_arithmetic`; a multiply-add is counted for every weight of every output, borders included."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netwright.compiler.convolution_arithmetic import conv_output_length, effective_kernel
from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Spatial, attr, one_of, positive
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.layout import SPATIAL_NAMES, CaseFolded, FormattedLayer, expect_float, is_possible
from netwright.compiler.ops.op import OpError, Weight, known_size
from netwright.compiler.types import TensorType

#: what Keras initialises an array with whose initializer is given as none
DEFAULT_INITIALIZER = "glorot_uniform"


class KernelLayer(FormattedLayer, abstract=True):
    """A layer that moves a kernel over the spatial dims, adds a bias and applies an activation."""

    kernel_size: Spatial = attr(positive)
    strides: Spatial = attr(positive, default=1)
    padding: CaseFolded = attr(one_of("valid", "same"), default="valid")
    dilation_rate: Spatial = attr(positive, default=1)
    activation: Activation | None = None
    use_bias: bool = True
    bias_initializer: Initializer | None = "zeros"
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    bias_constraint: Constraint | None = None

    def validate(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise OpError(
                "invalid-argument",
                f"strides {self.strides} and dilation_rate {self.dilation_rate} are both above 1; "
                "only one of the two may be",
                at="dilation_rate",
            )

    def expect_operand(self, x: TensorType) -> int:
        """Check rank, dtype and that the channels are known; their number."""
        self.expect_layout(x)
        expect_float(x)
        self.expect_cast(x)
        return known_size(self.channels(x), "the number of channels")

    def output_lengths(self, x: TensorType) -> tuple[Dim, ...]:
        """The spatial dims of the output; raises OpError where the kernel does not fit."""
        return tuple(map(self._output_length, range(self.rank), self.spatial(x)))

    def _output_length(self, axis: int, length: Dim) -> Dim:
        kernel, dilation = self.kernel_size[axis], self.dilation_rate[axis]
        output = conv_output_length(length, kernel, self.strides[axis], dilation, self.padding)
        if is_possible(output):
            return output
        span = effective_kernel(kernel, dilation)
        dilated = f" with dilation {dilation} spans {span} and" if dilation > 1 else ""
        raise OpError(
            "impossible-size",
            f"a kernel of {kernel}{dilated} does not fit a {SPATIAL_NAMES[self.rank][axis]} of {length}",
            at="kernel_size",
            label=f"at most {length} fits" if dilation == 1 else "",
            help="use padding=same or a smaller kernel, or keep more of the size in the layers before",
        )

    def bias(self, size: int) -> Iterable[Weight]:
        """The bias, if there is one."""
        if self.use_bias:
            yield Weight("bias", (size,), self.bias_initializer or DEFAULT_INITIALIZER, dtype=self.compute_dtype)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        """One operation per output for the bias and one for the activation."""
        return y.size * (self.use_bias + (self.activation not in (None, "linear")))


class Convolution(KernelLayer, abstract=True):
    """y = activation(x ∗ K + b): x: (N, *L, c) → y: (N, *L', filters), K: (*kernel_size, c / groups, filters).

    The channels are split into `groups`, each convolved with its own share of the filters."""

    filters: int = attr(positive)
    groups: int = attr(positive, default=1)
    kernel_initializer: Initializer | None = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    order = (
        *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups"),
        *("activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer"),
        *("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"),
    )

    def validate(self) -> None:
        super().validate()
        if self.filters % self.groups:
            message = f"{self.filters} filters cannot be split into {self.groups} groups of equal size"
            raise OpError("invalid-argument", message, at="groups")

    def infer(self, x: TensorType) -> TensorType:
        channels = self.expect_operand(x)
        if channels % self.groups:
            message = f"{channels} channels cannot be split into {self.groups} groups of equal size"
            raise OpError("shape-mismatch", message, at="groups", label=f"does not divide {channels}")
        return self.with_layout(x, self.output_lengths(x), self.filters)

    def weights(self, x: TensorType) -> Iterable[Weight]:
        shape = (*self.kernel_size, known_size(self.channels(x), "the number of channels") // self.groups, self.filters)
        yield Weight("kernel", shape, self.kernel_initializer or DEFAULT_INITIALIZER, dtype=self.compute_dtype)
        yield from self.bias(self.filters)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * prod(self.kernel_size) * (self.channels(x) // self.groups)


class Conv1D(Convolution):
    """y[n, t, f] = activation(Σ_{k, c} x[n, s t + d k, c] K[k, c, f] + b[f]); x: (N, T, c) → (N, T', filters).

    padding=causal puts all padding before the sequence, so that y[t] sees nothing after x[t]: van den Oord et al. 2016,
    arXiv:1609.03499."""

    rank = 1
    aliases = ("convolution1d",)
    padding: CaseFolded = attr(one_of("valid", "same", "causal"), default="valid")


class Conv2D(Convolution):
    """y[n, i, j, f] = activation(Σ_{k, l, c} x[n, s i + d k, s j + d l, c] K[k, l, c, f] + b[f]);
    x: (N, H, W, c) → (N, H', W', filters). LeCun et al. 1998; dilation: Yu and Koltun 2016, arXiv:1511.07122."""

    rank = 2
    aliases = ("convolution2d",)


class Conv3D(Convolution):
    """conv2d over three spatial dims; x: (N, D, H, W, c) → (N, D', H', W', filters). Tran et al. 2015,
    arXiv:1412.0767."""

    rank = 3
    aliases = ("convolution3d",)
