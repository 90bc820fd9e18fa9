"""Owns Keras's losses as values. What they compute is Keras's; which shapes they take is in `targets.py`."""

from __future__ import annotations

from netwright.compiler.ops.attributes import TYPES, attr, between, one_of
from netwright.compiler.ops.configuration import Configuration, ConfigurationType, DType


class Loss(Configuration, kind="losses"):
    """A loss of (target t, prediction y)."""

    reduction: str | None = attr(
        one_of("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None),
        default="sum_over_batch_size",
        keyword_only=True,
    )
    name: str | None = attr(default=None, keyword_only=True)
    dtype: DType | None = attr(default=None, keyword_only=True)


class BinaryCrossentropy(Loss):
    """-(t log p + (1 - t) log(1 - p)), averaged over the last axis; targets in [0, 1] of the prediction's shape."""

    aliases = ("bce",)
    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0.0)
    axis: int = -1
    name = "binary_crossentropy"


class BinaryFocalCrossentropy(Loss):
    """Binary crossentropy times alpha (1 - p_t)^gamma (Lin et al. 2017, arXiv:1708.02002)."""

    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0.0)
    axis: int = -1
    name = "binary_focal_crossentropy"


class CTC(Loss):
    """Connectionist temporal classification (Graves et al. 2006): targets (N, L) of labels,
    predictions (N, T, classes) of logits."""

    name = "ctc"


class CategoricalCrossentropy(Loss):
    """-Σ t log p over the classes of `axis`; targets one-hot."""

    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0.0)
    axis: int = -1
    name = "categorical_crossentropy"


class CategoricalFocalCrossentropy(Loss):
    """Categorical crossentropy times alpha (1 - p)^gamma (Lin et al. 2017, arXiv:1708.02002)."""

    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0.0)
    axis: int = -1
    name = "categorical_focal_crossentropy"


class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - p_t^q) / q, robust to noisy labels (Zhang and Sabuncu 2018, arXiv:1805.07836); integer targets."""

    name_in_flow = "categorical_generalized_cross_entropy"
    q: float = 0.5
    name = "categorical_generalized_cross_entropy"


class CategoricalHinge(Loss):
    """max(0, 1 + max((1 - t) y) - Σ t y)."""

    name = "categorical_hinge"


class Circle(Loss):
    """Circle loss of L2-normalised embeddings with integer labels (Sun et al. 2020, arXiv:2002.10857)."""

    gamma: float = 80.0
    margin: float = 0.4
    remove_diagonal: bool = True
    name = "circle"


class CosineSimilarity(Loss):
    """-cos(t, y) along `axis`."""

    axis: int = -1
    name = "cosine_similarity"


class Dice(Loss):
    """1 - 2 Σ t y / (Σ t + Σ y) (Sudre et al. 2017, arXiv:1707.03237)."""

    name = "dice"
    axis: int | None = None


class Hinge(Loss):
    """max(1 - t y, 0), averaged; targets -1 or 1."""

    name = "hinge"


class Huber(Loss):
    """(t - y)² / 2 where |t - y| <= delta, else delta |t - y| - delta² / 2 (Huber 1964)."""

    name_in_flow = "huber"
    aliases = ("huber_loss",)
    delta: float = 1.0
    name = "huber_loss"


class KLDivergence(Loss):
    """Σ t log(t / y) over the last axis."""

    name_in_flow = "kl_divergence"
    aliases = ("kld",)
    name = "kl_divergence"


class LogCosh(Loss):
    """log cosh(y - t), averaged."""

    name_in_flow = "log_cosh"
    aliases = ("logcosh",)
    name = "log_cosh"


class MeanAbsoluteError(Loss):
    """|t - y|, averaged."""

    aliases = ("mae",)
    name = "mean_absolute_error"


class MeanAbsolutePercentageError(Loss):
    """100 |t - y| / |t|, averaged."""

    aliases = ("mape",)
    name = "mean_absolute_percentage_error"


class MeanSquaredError(Loss):
    """(t - y)², averaged."""

    aliases = ("mse",)
    name = "mean_squared_error"


class MeanSquaredLogarithmicError(Loss):
    """(log(1 + t) - log(1 + y))², averaged."""

    aliases = ("msle",)
    name = "mean_squared_logarithmic_error"


class Poisson(Loss):
    """y - t log y, averaged."""

    name = "poisson"


class SparseCategoricalCrossentropy(Loss):
    """-log p of the target class along `axis`; targets are class numbers, without the class axis."""

    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1
    name = "sparse_categorical_crossentropy"


class SquaredHinge(Loss):
    """max(1 - t y, 0)², averaged; targets -1 or 1."""

    name = "squared_hinge"


class Tversky(Loss):
    """1 - Tversky index, false positives weighed alpha, false negatives beta (Salehi et al. 2017, arXiv:1706.05721)."""

    alpha: float = 0.5
    beta: float = 0.5
    name = "tversky"
    axis: int | None = None


TYPES["Loss"] = ConfigurationType("losses", "a loss such as sparse_categorical_crossentropy")
