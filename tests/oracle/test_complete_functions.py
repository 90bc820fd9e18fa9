"""Every function of keras.ops is in the catalogue, or left out for a reason that stands here."""

from __future__ import annotations

import pytest

from netwright.compiler.ops.catalogue import find_operator

pytestmark = pytest.mark.keras

VALUES_DECIDE = "the shape of what it makes depends on values"
COMPLEX = "there are no complex dtypes here, and of real numbers it says nothing new"
KNOWN = "gives a Python value that is known when the model is compiled: "
EXCLUDED: dict[str, str] = {
    "angle": COMPLEX,
    "argpartition": "the order is open, and TensorFlow's backend takes one axis of integers alone; see argsort",
    "array": "makes a tensor of Python values, which flow writes as numbers beside tensors",
    "bincount": VALUES_DECIDE,
    "conj": COMPLEX,
    "conjugate": COMPLEX,
    "histogram": "a functional model that Keras 3.15.1 builds of it cannot be called",
    "imag": COMPLEX,
    "isreal": COMPLEX,
    "ndim": KNOWN + "flow writes x.rank",
    "nonzero": VALUES_DECIDE,
    "real": COMPLEX,
    "select": "takes two lists of tensors; `where` after `where` says the same",
    "size": KNOWN + "flow multiplies the sizes of x.shape",
    "unique": VALUES_DECIDE + ", and with a size Keras's backends fill up differently",
    "vectorize": "makes a function of a Python function",
}
#: still to come, from keras.src.ops.numpy and from the other modules
NUMPY = set(
    """append array_split average bartlett blackman corrcoef correlate cross diag diagflat diff digitize dsplit
    dstack empty empty_like fliplr flipud geomspace hamming hanning hsplit hstack identity inner isin kaiser
    kron logspace meshgrid nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin
    nanpercentile nanprod nanquantile nanstd nansum nanvar percentile ptp quantile rot90 searchsorted slogdet
    trace trapezoid unravel_index vander vdot view vsplit vstack""".split()
)
OTHERS = set(
    """adaptive_average_pool adaptive_max_pool associative_scan average_pool batch_normalization
    binary_crossentropy categorical_crossentropy cdist cholesky cholesky_inverse cond conv conv_transpose
    convert_to_numpy convert_to_tensor ctc_decode ctc_loss custom_gradient depth_to_space depthwise_conv det
    dot_product_attention dtype eig eigh elu erfc extract_sequences fft fft2 fold fori_loop hard_swish ifft2
    in_top_k inv irfft is_tensor istft jvp layer_normalization leaky_relu logdet lstsq lu_factor map matrix_rank
    max_pool moments multi_hot normalize pinv polar psnr qr rearrange relu rfft rms_normalization saturate_cast
    scan scatter scatter_update segment_max segment_min segment_prod segment_sum separable_conv shape slice
    slice_update softmax solve solve_triangular space_to_depth sparse_categorical_crossentropy stft svd swish
    switch unfold vectorized_map view_as_complex view_as_real while_loop""".split()
)


def functions_of_keras() -> set[str]:
    import keras

    return {name for name in dir(keras.ops) if not name.startswith("_") and callable(getattr(keras.ops, name))}


def is_known(name: str) -> bool:
    """Below `ops`, or by its bare name as the activation that it is."""
    bare = find_operator(name)
    return find_operator(f"ops.{name}") is not None or (bare is not None and bare.keras == f"activations.{name}")


def test_every_function_is_there_or_left_out_for_a_reason() -> None:
    missing = {name for name in functions_of_keras() if not is_known(name)}
    assert missing - EXCLUDED.keys() - NUMPY - OTHERS == set()


def test_only_what_keras_has_and_the_catalogue_has_not_is_left_out() -> None:
    assert EXCLUDED.keys() <= functions_of_keras()
    assert not [name for name in EXCLUDED if is_known(name)]
