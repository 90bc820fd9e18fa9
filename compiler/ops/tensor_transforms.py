"""Owns the Fourier transforms among the functions of keras.ops, and what takes signals apart. A complex tensor is a
pair: its real part and its imaginary part. What a Fourier transform costs is not known; it is left to the backend."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.convolution_arithmetic import conv_output_length
from netwright.compiler.dims import Dim, less_equal, less_than, positive as is_positive
from netwright.compiler.ops.attributes import attr, one_of, positive
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers
from netwright.compiler.types import TensorType


class Transform(Function, abstract=True):
    """A Fourier transform."""

    def macs(self, *_: TensorType) -> None:
        """Not known."""


def expect_real(x: TensorType, rank: int, at: int = 0) -> None:
    """f32 or f64, of this rank or a higher one."""
    expect_dtype(x, x.dtype in {"f32", "f64"}, "f32", at=at)
    expect_min_rank(x, rank, at=at)


class ComplexTransform(Transform, abstract=True):
    """A transform of a complex tensor."""

    operands: ClassVar[tuple[str, ...]] = ("real", "imaginary")
    convention = "list"
    #: axes that it takes at least
    least: ClassVar[int] = 1

    def expect_complex(self, real: TensorType, imaginary: TensorType) -> None:
        """Both parts are alike."""
        for at, part in enumerate((real, imaginary)):
            expect_real(part, self.least, at)
        alike = real.dtype == imaginary.dtype and real.rank == imaginary.rank
        if not alike or any(agree(*dims) is None for dims in zip(real.shape, imaginary.shape, strict=True)):
            message = f"both parts of complex numbers are alike, found {real} and {imaginary}"
            raise OpError("shape-mismatch", message, at=1)


class Fft(ComplexTransform):
    """Y_k = Σ_t x_t exp(-2π i k t / n) over the last axis; x, Y: pairs of (..., n)."""

    def infer(self, real: TensorType, imaginary: TensorType) -> tuple[TensorType, TensorType]:
        self.expect_complex(real, imaginary)
        for dim in real.shape[-self.least :]:
            known_size(dim, "the length of what is transformed")
        return real, real


class Fft2(Fft):
    """fft over the last two axes; x, Y: pairs of (..., m, n)."""

    least = 2


class Ifft2(Fft2):
    """The inverse of fft2; pairs of (..., m, n)."""


class Rfft(Transform):
    """fft of real numbers without the half that mirrors the other, x cut or filled up with 0 to `fft_length`;
    x: (..., n) → a pair of (..., fft_length // 2 + 1)."""

    fft_length: int | None = attr(positive, default=None)

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_real(x, 1)
        length = x.shape[-1] if self.fft_length is None else self.fft_length
        y = x.with_shape(*x.shape[:-1], length // 2 + 1)
        return y, y


class Irfft(ComplexTransform):
    """The inverse of rfft; a pair of (..., m) → (..., fft_length), 2 (m - 1) by default."""

    fft_length: int | None = attr(positive, default=None)

    def untrained_on(self, *operands: TensorType) -> tuple[str, ...]:
        """TensorFlow's gradient fails where frequencies are cut off, or is another; so they must be seen not to be."""
        whole = self.fft_length is None or less_equal(operands[0].shape[-1], self.fft_length // 2 + 1)
        return () if whole else ("tensorflow",)

    def infer(self, real: TensorType, imaginary: TensorType) -> TensorType:
        self.expect_complex(real, imaginary)
        length = 2 * (real.shape[-1] - 1) if self.fft_length is None else self.fft_length
        if is_positive(length) is False:
            message = "one frequency does not say how long the signal is"
            raise OpError("impossible-size", message, at=0, help="give fft_length")
        return real.with_shape(*real.shape[:-1], length)


# ---------------------------------------------------------------- frames


class ExtractSequences(Function):
    """y_i = x from i sequence_stride on, sequence_length elements of the last axis; x: (..., n) → (..., 1 +
    (n - sequence_length)//sequence_stride, sequence_length)."""

    sequence_length: int = attr(positive)
    sequence_stride: int = attr(positive)

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_min_rank(x, 1)
        count = frames(x.shape[-1], self.sequence_length, self.sequence_stride, "sequence_length")
        return x.with_shape(*x.shape[:-1], count, self.sequence_length)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


def frames(length: Dim, frame: int, stride: int, at: str) -> Dim:
    """How many frames a signal has; an error where it is known to have none."""
    count = conv_output_length(length, frame, stride)
    if is_positive(count) is False:
        raise OpError("impossible-size", f"a frame of {frame} does not fit a length of {length}", at=at)
    return count


class Windowed(Function, abstract=True):
    """What short-time Fourier transforms share."""

    sequence_length: int = attr(positive)
    sequence_stride: int = attr(positive)
    fft_length: int = attr(positive)
    window: str | None = attr(one_of("hann", "hamming"), default="hann")
    center: bool = True

    def validate(self) -> None:
        if self.fft_length < self.sequence_length:
            message = f"fft_length {self.fft_length} is less than sequence_length {self.sequence_length}"
            raise OpError("invalid-argument", message, at="fft_length")

    @property
    def edge(self) -> int:
        """By how much a centred signal is mirrored at either end."""
        return self.fft_length // 2 if self.center else 0


class Stft(Windowed, Transform):
    """rfft of each frame of sequence_length times the window, filled up to fft_length; with `center` the ends are
    mirrored; x: (..., n) → a pair of (..., frames, fft_length // 2 + 1) (Allen 1977)."""

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_real(x, 1)
        length = x.shape[-1]
        if less_than(self.edge, length) is False:
            message = f"half of fft_length {self.fft_length} must be less than the length, which is {length}"
            raise OpError("impossible-size", message, at="fft_length", help="use a shorter fft_length or center=false")
        count = frames(length + 2 * self.edge, self.fft_length, self.sequence_stride, "fft_length")
        y = x.with_shape(*x.shape[:-1], count, self.fft_length // 2 + 1)
        return y, y


class Istft(Windowed, ComplexTransform):
    """The inverse of stft, frames overlapping and added; a pair of (..., frames, m) → (..., length)."""

    least = 2
    length: int | None = attr(positive, default=None)
    order = ("sequence_length", "sequence_stride", "fft_length", "length", "window", "center")

    def infer(self, real: TensorType, imaginary: TensorType) -> TensorType:
        self.expect_complex(real, imaginary)
        whole = (real.shape[-2] - 1) * self.sequence_stride + self.fft_length
        length = whole - 2 * self.edge if self.length is None else self.length
        if less_equal(length, whole - self.edge) is False:
            message = f"{real.shape[-2]} frames make {whole - self.edge} elements, fewer than {length}"
            raise OpError("impossible-size", message, at="length")
        if is_positive(length) is False:
            message = f"{real.shape[-2]} frames make no more than the mirrored ends"
            raise OpError("impossible-size", message, at=0)
        return real.with_shape(*real.shape[:-2], length)
