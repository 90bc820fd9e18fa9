"""Owns Keras's metrics as values. What they compute is Keras's."""

from __future__ import annotations

from netwright.compiler.ops.attributes import TYPES, Floats, Ints, at_least_two, attr, between, one_of
from netwright.compiler.ops.configuration import Configuration, ConfigurationType, DType


class Metric(Configuration, kind="metrics"):
    """A figure of (target, prediction) over all examples of an epoch."""

    name: str | None = attr(default=None, keyword_only=True)
    dtype: DType | None = attr(default=None, keyword_only=True)


class AUC(Metric):
    """Area under the ROC or precision-recall curve, from counts at thresholds."""

    num_thresholds: int = attr(at_least_two, default=200)
    curve: str = attr(one_of("ROC", "PR", "PRGAIN"), default="ROC")
    summation_method: str = attr(one_of("interpolation", "minoring", "majoring"), default="interpolation")
    thresholds: float | Floats | None = None
    multi_label: bool = False
    num_labels: int | None = None
    label_weights: Floats | None = None
    from_logits: bool = False


class Accuracy(Metric):
    """The share of predictions equal to the target."""

    name = "accuracy"


class BinaryAccuracy(Metric):
    """The share of predictions on the target's side of the threshold."""

    name = "binary_accuracy"
    threshold: float = 0.5


class BinaryCrossentropy(Metric):
    """Mean binary crossentropy."""

    name = "binary_crossentropy"
    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0)


class BinaryIoU(Metric):
    """Mean intersection over union of two classes."""

    name_in_flow = "binary_iou"
    target_class_ids: Ints = (0, 1)
    threshold: float = 0.5


class CategoricalAccuracy(Metric):
    """The share of one-hot targets whose class has the greatest prediction."""

    name = "categorical_accuracy"


class CategoricalCrossentropy(Metric):
    """Mean categorical crossentropy."""

    name = "categorical_crossentropy"
    from_logits: bool = False
    label_smoothing: float = attr(between(0, 1), default=0)
    axis: int = -1


class CategoricalHinge(Metric):
    """Mean categorical hinge."""

    name = "categorical_hinge"


class ConcordanceCorrelation(Metric):
    """Concordance correlation coefficient along `axis` (Lin 1989)."""

    name = "concordance_correlation"
    axis: int | Ints = -1


class CosineSimilarity(Metric):
    """Mean cosine similarity along `axis`."""

    name = "cosine_similarity"
    axis: int = -1


class F1Score(Metric):
    """Harmonic mean of precision and recall."""

    average: str | None = attr(one_of("micro", "macro", "weighted", None), default=None)
    threshold: float | None = None
    name = "f1_score"


class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall."""

    name_in_flow = "fbeta_score"
    average: str | None = attr(one_of("micro", "macro", "weighted", None), default=None)
    beta: float = 1.0
    threshold: float | None = None
    name = "fbeta_score"


class FalseNegatives(Metric):
    """The number of false negatives."""

    thresholds: float | Floats | None = None


class FalsePositives(Metric):
    """The number of false positives."""

    thresholds: float | Floats | None = None


class Hinge(Metric):
    """Mean hinge."""

    name = "hinge"


class IoU(Metric):
    """Mean intersection over union of the given classes."""

    name_in_flow = "iou"
    num_classes: int = attr()
    target_class_ids: Ints = attr()
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1


class KLDivergence(Metric):
    """Mean Kullback-Leibler divergence."""

    name = "kl_divergence"


class LogCoshError(Metric):
    """Mean log cosh error."""

    name_in_flow = "log_cosh_error"
    aliases = ("logcosh",)
    name = "logcosh"


class MeanAbsoluteError(Metric):
    """Mean |t - y|."""

    aliases = ("mae",)
    name = "mean_absolute_error"


class MeanAbsolutePercentageError(Metric):
    """Mean 100 |t - y| / |t|."""

    aliases = ("mape",)
    name = "mean_absolute_percentage_error"


class MeanIoU(Metric):
    """Mean intersection over union of all classes."""

    name_in_flow = "mean_iou"
    num_classes: int = attr()
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1


class MeanSquaredError(Metric):
    """Mean (t - y)²."""

    aliases = ("mse",)
    name = "mean_squared_error"


class MeanSquaredLogarithmicError(Metric):
    """Mean (log(1 + t) - log(1 + y))²."""

    aliases = ("msle",)
    name = "mean_squared_logarithmic_error"


class OneHotIoU(Metric):
    """Intersection over union of the given classes, one-hot targets."""

    name_in_flow = "one_hot_iou"
    num_classes: int = attr()
    target_class_ids: Ints = attr()
    ignore_class: int | None = None
    sparse_y_pred: bool = False
    axis: int = -1


class OneHotMeanIoU(Metric):
    """Mean intersection over union of all classes, one-hot targets."""

    name_in_flow = "one_hot_mean_iou"
    num_classes: int = attr()
    ignore_class: int | None = None
    sparse_y_pred: bool = False
    axis: int = -1


class PearsonCorrelation(Metric):
    """Pearson correlation along `axis`."""

    name = "pearson_correlation"
    axis: int | Ints = -1


class Poisson(Metric):
    """Mean Poisson loss."""

    name = "poisson"


class Precision(Metric):
    """True positives over all predicted positives."""

    thresholds: float | Floats | None = None
    top_k: int | None = None
    class_id: int | None = None


class PrecisionAtRecall(Metric):
    """The best precision where recall is at least the given one."""

    recall: float = attr(between(0, 1))
    num_thresholds: int = attr(at_least_two, default=200)
    class_id: int | None = None


class R2Score(Metric):
    """Coefficient of determination."""

    class_aggregation: str | None = attr(
        one_of("uniform_average", "variance_weighted_average", None), default="uniform_average"
    )
    num_regressors: int = 0
    name = "r2_score"


class Recall(Metric):
    """True positives over all positives."""

    thresholds: float | Floats | None = None
    top_k: int | None = None
    class_id: int | None = None


class RecallAtPrecision(Metric):
    """The best recall where precision is at least the given one."""

    precision: float = attr(between(0, 1))
    num_thresholds: int = attr(at_least_two, default=200)
    class_id: int | None = None


class RootMeanSquaredError(Metric):
    """Root of the mean (t - y)²."""

    aliases = ("rmse",)
    name = "root_mean_squared_error"


class SensitivityAtSpecificity(Metric):
    """The best sensitivity where specificity is at least the given one."""

    specificity: float = attr(between(0, 1))
    num_thresholds: int = attr(at_least_two, default=200)
    class_id: int | None = None


class SparseCategoricalAccuracy(Metric):
    """The share of class numbers whose class has the greatest prediction."""

    name = "sparse_categorical_accuracy"


class SparseCategoricalCrossentropy(Metric):
    """Mean crossentropy against class numbers."""

    name = "sparse_categorical_crossentropy"
    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1


class SparseTopKCategoricalAccuracy(Metric):
    """The share of class numbers among the k greatest predictions."""

    k: int = 5
    name = "sparse_top_k_categorical_accuracy"
    from_sorted_ids: bool = False


class SpecificityAtSensitivity(Metric):
    """The best specificity where sensitivity is at least the given one."""

    sensitivity: float = attr(between(0, 1))
    num_thresholds: int = attr(at_least_two, default=200)
    class_id: int | None = None


class SquaredHinge(Metric):
    """Mean squared hinge."""

    name = "squared_hinge"


class TopKCategoricalAccuracy(Metric):
    """The share of one-hot targets among the k greatest predictions."""

    k: int = 5
    name = "top_k_categorical_accuracy"


class TrueNegatives(Metric):
    """The number of true negatives."""

    thresholds: float | Floats | None = None


class TruePositives(Metric):
    """The number of true positives."""

    thresholds: float | Floats | None = None


TYPES["Metric"] = ConfigurationType("metrics", "a metric such as sparse_categorical_accuracy")
