"""Owns attention without heads: attention, additive_attention. Keras calls them on a list [query, value, key]; a key
that is left out is the value. The shapes are what execution makes of them, also for ranks other than 3.

MACs: scores of dot products, additive scores with a scale, and the weighted sum of values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, between, call, one_of
from netwright.compiler.ops.op import Layer, OpError, Tensors, Weight, expect_min_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_linear_algebra import matmul_shape
from netwright.compiler.ops.tensor_rules import broadcast, common_dtype, expect_dtype, expect_numbers, show
from netwright.compiler.types import BroadcastError, BroadcastUndecidable, Shape, TensorType, broadcast_shapes


def expect_mask(mask: TensorType, shape: Shape, target: Shape, at: str) -> None:
    """`mask`, seen with `shape`, says something of each element of `target`: its dims are those of the target or 1."""
    pairs = zip(reversed(shape), reversed(target), strict=False)
    if len(shape) > len(target) or any(dim != 1 and agree(dim, size) is None for dim, size in pairs):
        raise OpError("shape-mismatch", f"the mask {mask} does not fit what it masks, {show(target)}", at=at)


def _expect_aligned(query: TensorType, other: TensorType, index: int) -> None:
    """Where ranks differ, the leading axes shift against each other; that they broadcast must be seen."""
    try:
        if query.rank != other.rank:
            broadcast_shapes(query.shape[:-2], other.shape[:-2])
    except BroadcastError as error:
        code = "undecidable" if isinstance(error, BroadcastUndecidable) else "shape-mismatch"
        message = f"the leading axes of {show(query.shape)} and {show(other.shape)} do not fit together"
        raise OpError(code, message, at=index, label=f"this is {other}") from None


class ScoredAttention(Layer, abstract=True):
    """y = softmax(scores(query, key)) value; (N, T, d), (N, S, e), (N, S, d) → (N, T, e)."""

    operands = ("query", "value", "key")
    optional_operands = ("key",)
    convention = "list"

    mask: Tensors | None = call()
    return_attention_scores: bool = call(default=False)
    use_causal_mask: bool = call(default=False)

    def infer(
        self, query: TensorType, value: TensorType, key: TensorType | None = None, mask: Tensors | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        key = value if key is None else key
        expect_numbers(query, value, key)
        for index, operand in enumerate((query, value, key)):
            expect_min_rank(operand, 2, at=index)
            _expect_aligned(query, operand, index)
        self.expect_scorable(query, key)
        shape = self.score_shape(query.shape, key.shape)
        if self.use_causal_mask:  # which is [1, T, S], also for a query without a batch
            shape = broadcast((1, *shape[-2:]), shape)
        scores = TensorType(common_dtype(query, key, self.compute_dtype if self.is_weighted else "float"), shape)
        y = TensorType(common_dtype(scores, value), matmul_shape(scores.shape, value.shape))
        self._expect_masks(mask, scores.shape, y.shape)
        return (y, scores) if self.return_attention_scores else y

    @property
    def is_weighted(self) -> bool:
        """Whether weights of the layer take part in the scores."""
        raise NotImplementedError

    def expect_scorable(self, query: TensorType, key: TensorType) -> None:
        """Query and key are of dtypes and sizes that can be scored."""

    def score_shape(self, query: Shape, key: Shape) -> Shape:
        """(N, T, d), (N, S, d) → (N, T, S)."""
        raise NotImplementedError

    def _expect_masks(self, mask: Tensors | None, scores: Shape, y: Shape) -> None:
        if mask is None:
            return
        if not isinstance(mask, tuple) or len(mask) not in (2, 3):
            found = f"{len(mask)} tensors" if isinstance(mask, tuple) else "one tensor"
            raise OpError("wrong-arity", f"mask is a list [query_mask, value_mask], found {found}", at="mask")
        of_query, of_value = mask[:2]
        if of_query is not None:
            expect_mask(of_query, (*of_query.shape, 1), y, "mask")
        if of_value is not None:
            row = of_value.rank == 2 or self.use_causal_mask
            shape = (*of_value.shape[:-1], 1, *of_value.shape[-1:]) if row else of_value.shape
            expect_mask(of_value, shape, scores, "mask")

    def _split(self, tensors: tuple[TensorType, ...]) -> tuple[TensorType, TensorType, TensorType, TensorType, Dim]:
        """Query, value, key, y and the number of scores, from the operands and the outputs."""
        last = len(tensors) - (2 if self.return_attention_scores else 1)
        query, value, key = (*tensors[:last], tensors[1])[:3]
        scores: Dim = 1
        for dim in self.score_shape(query.shape, key.shape):
            scores = scores * dim
        return query, value, key, tensors[last], scores

    def macs(self, *tensors: TensorType) -> Dim:
        query, value, _, y, scores = self._split(tensors)
        return self.score_macs(query.shape[-1], scores) + y.size * value.shape[-2]

    def score_macs(self, depth: Dim, scores: Dim) -> Dim:
        """Multiply-adds of the scores, from vectors of `depth` elements."""
        raise NotImplementedError

    def elementwise(self, *tensors: TensorType) -> Dim:
        query, _, _, _, scores = self._split(tensors)
        return self.score_elementwise(query.shape[-1], scores) + scores

    def workspace(self, *tensors: TensorType) -> Dim:
        return self._split(tensors)[-1]

    def score_elementwise(self, depth: Dim, scores: Dim) -> Dim:
        """Other operations of the scores."""
        raise NotImplementedError


def _expect_addable(query: TensorType, key: TensorType) -> None:
    if query.dtype != key.dtype:
        message = f"query and key are added, so they must be of one dtype, found {query.dtype} and {key.dtype}"
        raise OpError("dtype-mismatch", message, at=0)
    expect_dtype(query, query.dtype != "bool", "numbers")


def _pairwise(query: Shape, key: Shape) -> Shape:
    """The scores of sums of every query with every key: (..., T, d), (..., S, d) → (..., T, S)."""
    return broadcast((*query[:-1], 1, query[-1]), (*key[:-2], 1, *key[-2:]))[:-1]


class Attention(ScoredAttention):
    """y = softmax(scale · q kᵀ) v, or with concat softmax(w Σ tanh(scale · (q + k))) v; (N, T, d), (N, S, e), (N, S, d)
    → (N, T, e) (Luong et al. 2015, arXiv:1508.04025)."""

    use_scale: bool = False
    score_mode: str = attr(one_of("dot", "concat"), default="dot")
    dropout: float = attr(between(0, 1), default=0.0)
    seed: int | None = None

    @property
    def is_weighted(self) -> bool:
        return self.use_scale or self.score_mode == "concat"

    def expect_scorable(self, query: TensorType, key: TensorType) -> None:
        if self.score_mode == "concat":
            _expect_addable(query, key)
        elif not self.use_scale:
            scored = TensorType(common_dtype(query, key), ())
            expect_dtype(query, scored.is_float, "floats")

    def score_shape(self, query: Shape, key: Shape) -> Shape:
        if self.score_mode == "concat":
            return _pairwise(query, key)
        return matmul_shape(query, (*key[:-2], key[-1], key[-2]))

    def weights(self, *operands: TensorType, **_: object) -> Iterable[Weight]:
        if self.use_scale:
            yield self.weight("scale", (), "ones")
        if self.score_mode == "concat":
            yield self.weight("concat_score_weight", (), "ones")

    def score_macs(self, depth: Dim, scores: Dim) -> Dim:
        return scores * depth if self.score_mode == "dot" else 0

    def score_elementwise(self, depth: Dim, scores: Dim) -> Dim:
        if self.score_mode == "dot":
            return scores * self.use_scale
        return scores * depth * (3 + self.use_scale) + scores


class AdditiveAttention(ScoredAttention):
    """y = softmax(Σ scale · tanh(q + k)) v; (N, T, d), (N, S, e), (N, S, d) → (N, T, e) (Bahdanau et al. 2014,
    arXiv:1409.0473)."""

    excluded: ClassVar[dict[str, str]] = {"score_mode": "Keras takes it as a keyword and does not use it"}
    use_scale: bool = True
    dropout: float = attr(between(0, 1), default=0.0)
    seed: int | None = attr(default=None, keyword_only=True)

    @property
    def is_weighted(self) -> bool:
        return self.use_scale

    def expect_scorable(self, query: TensorType, key: TensorType) -> None:
        _expect_addable(query, key)
        if self.use_scale:
            known_size(query.shape[-1], "the size of the query's last axis")

    def score_shape(self, query: Shape, key: Shape) -> Shape:
        return _pairwise(query, key)

    def weights(self, query: TensorType, *_: TensorType, **__: object) -> Iterable[Weight]:
        if self.use_scale:
            yield self.weight("scale", (query.shape[-1],), "glorot_uniform")

    def score_macs(self, depth: Dim, scores: Dim) -> Dim:
        return scores * depth if self.use_scale else 0

    def score_elementwise(self, depth: Dim, scores: Dim) -> Dim:
        return scores * depth * (2 if self.use_scale else 3)
