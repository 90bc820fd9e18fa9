"""Owns the layers that turn sound into images of its frequencies: stft_spectrogram, mel_spectrogram."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.convolution_arithmetic import conv_output_length
from netwright.compiler.dims import Dim, positive as is_positive
from netwright.compiler.ops.attributes import attr, one_of, positive
from netwright.compiler.ops.initializers import STFT
from netwright.compiler.ops.layout import CaseFolded, expect_dtype, is_possible
from netwright.compiler.ops.op import Layer, OpError, Weight, expect_rank, known_size
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.types import TensorType

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """y[n, t, c F + f] = |Σ_k x[n, s t + k, c] w[k] exp(-2π i f k / fft_length)|, as its logarithm, power, angle, real
    or imaginary part by `mode`; x: (N, T, c) → y: (N, T', c F), F = fft_length // 2 + 1, or (N, T', F, c) with
    expand_dims. The window times cosines and sines are the weights, which training moves unless trainable is false."""

    operands = ("inputs",)
    mode: str = attr(one_of(*_MODES), default="log")
    frame_length: int = attr(positive, default=256)
    frame_step: int | None = attr(positive, default=None)
    fft_length: int | None = attr(positive, default=None)
    window: str | None = "hann"
    periodic: bool = False
    scaling: str | None = attr(one_of("density", "spectrum"), default="density")
    padding: str = attr(one_of("valid", "same"), default="valid")
    expand_dims: bool = False
    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    @property
    def step(self) -> int:
        """How far one frame is from the next."""
        return self.frame_step or self.frame_length // 2

    @property
    def bins(self) -> int:
        """The number of frequencies."""
        length = self.fft_length or 2 ** (self.frame_length - 1).bit_length()
        return length // 2 + 1

    def validate(self) -> None:
        if not 1 <= self.step <= self.frame_length:
            message = f"frames of {self.frame_length} cannot be {self.step} apart: from 1 to {self.frame_length}"
            raise OpError("invalid-argument", message, at="frame_step")
        if self.fft_length is not None and self.fft_length < self.frame_length:
            message = f"fft_length {self.fft_length} is less than frame_length {self.frame_length}"
            raise OpError("invalid-argument", message, at="fft_length")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_rank(inputs, 3)
        expect_dtype(inputs, ("f16", "f32", "f64"))
        batch = inputs.shape[0]
        time, channels = self._time(inputs), self._channels(inputs)
        if not self.expand_dims:
            known_size(channels, "the number of channels, which stand beside the frequencies,")
        bins = self.bins * (2 if self.mode == "stft" else 1)
        if self.data_format == "channels_first":
            rest: tuple[Dim, ...] = (channels, time, bins) if self.expand_dims else (channels * bins, time)
        else:
            rest = (time, bins, channels) if self.expand_dims else (time, channels * bins)
        return inputs.with_shape(batch, *rest)

    def _channels(self, x: TensorType) -> Dim:
        return x.shape[1] if self.data_format == "channels_first" else x.shape[2]

    def _time(self, x: TensorType) -> Dim:
        length = x.shape[2] if self.data_format == "channels_first" else x.shape[1]
        frames = conv_output_length(length, self.frame_length, self.step, padding=self.padding)
        if not is_possible(frames):
            message = f"a frame of {self.frame_length} does not fit a length of {length}"
            raise OpError("impossible-size", message, at="frame_length", help="use padding=same or shorter frames")
        return frames

    def weights(self, inputs: TensorType, **_: object) -> Iterable[Weight]:
        for part, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                given = {"side": part, "window": self.window, "scaling": self.scaling, "periodic": self.periodic}
                yield self.weight(f"{part}_kernel", (self.frame_length, 1, self.bins), STFT(given))

    def macs(self, inputs: TensorType, y: TensorType) -> Dim:
        frames = inputs.shape[0] * self._channels(inputs) * self._time(inputs)
        return frames * self.bins * self.frame_length * (1 if self.mode in ("real", "imag") else 2)


class MelSpectrogram(Layer):
    """y[n, m, t] = Σ_f M[f, m] |X[n, t, f]|^mag_exp in decibels, X the short-time Fourier transform of x, M triangles
    on the mel scale; x: (N, T) → y: (N, num_mel_bins, T // sequence_stride + 1), or without N; with an odd fft_length
    (T - 1) // sequence_stride + 1 frames. Computed in f32."""

    operands = ("inputs",)
    fft_length: int = attr(positive, default=2048)
    sequence_stride: int = attr(positive, default=512)
    sequence_length: int | None = attr(positive, default=None)
    window: str | None = "hann"
    sampling_rate: int = attr(positive, default=16000)
    num_mel_bins: int = attr(positive, default=128)
    min_freq: float = 20.0
    max_freq: float | None = None
    power_to_db: bool = True
    top_db: float = 80.0
    mag_exp: float = 2.0
    min_power: float = 1e-10
    ref_power: float = 1.0

    def validate(self) -> None:
        if self.sequence_length is not None and self.sequence_length > self.fft_length:
            message = f"sequence_length {self.sequence_length} is more than fft_length {self.fft_length}"
            raise OpError("invalid-argument", message, at="sequence_length")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_numbers(inputs)
        expect_rank(inputs, 1, 2)
        *batch, length = inputs.shape
        if is_positive(length - self.fft_length // 2) is False:  # both ends are mirrored by as much
            message = f"half of fft_length {self.fft_length} must be less than the length, which is {length}"
            raise OpError("impossible-size", message, at="fft_length", help="use a shorter fft_length")
        y = inputs.with_shape(*batch, self.num_mel_bins, (length - self.fft_length % 2) // self.sequence_stride + 1)
        return y.with_dtype(self.compute_dtype)

    def macs(self, *_: TensorType) -> None:
        """Not known: the Fourier transform is left to the backend."""
        return
