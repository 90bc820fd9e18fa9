"""Owns attention with heads: multi_head_attention, group_query_attention. Projections are einsum_dense layers, as in
Keras, and have its weights' names: 'query/kernel'.

MACs: the projections, the scores of every query with every key, and the weighted sums of values; masks save nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from typing import NamedTuple

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attention import expect_mask
from netwright.compiler.ops.attributes import Ints, attr, between, call, positive
from netwright.compiler.ops.configuration import Constraint, Initializer, Regularizer
from netwright.compiler.ops.einsum_dense import EinsumDense
from netwright.compiler.ops.op import Layer, OpError, Tensor, Weight, expect_min_rank, expect_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_numbers, normal_axes, product, show
from netwright.compiler.types import Shape, TensorType

_DENSE = (
    *("kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer"),
    *("kernel_constraint", "bias_constraint"),
)


class Projection(NamedTuple):
    """A dense layer over the heads, its name in Keras, and what it is applied to."""

    name: str
    layer: EinsumDense
    operand: TensorType


class HeadedAttention(Layer, abstract=True):
    """y = concat of heads of softmax(q kᵀ / √key_dim) v, projected; (N, T, d), (N, S, e), (N, S, f) → (N, T, d)."""

    operands = ("query", "value", "key")
    optional_operands = ("key",)

    dropout: float = attr(between(0, 1), default=0.0)
    use_bias: bool = True
    sliding_window: int | None = attr(positive, default=None)
    flash_attention: bool | None = None
    kernel_initializer: Initializer | None = "glorot_uniform"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None
    use_gate: bool = False
    seed: int | None = None
    query_mask: Tensor | None = call()
    value_mask: Tensor | None = call()
    key_mask: Tensor | None = call()
    attention_mask: Tensor | None = call()
    return_attention_scores: bool = call(default=False)
    use_causal_mask: bool = call(default=False)

    def validate(self) -> None:
        if self.flash_attention and self.dropout > 0:
            raise OpError("invalid-argument", "flash attention has no dropout", at="dropout")
        if self.flash_attention and self.return_attention_scores:
            raise OpError("invalid-argument", "flash attention keeps no scores", at="return_attention_scores")

    # ------------------------------------------------------------ what the two layers differ in

    def heads(self) -> tuple[int, int]:
        """The number of heads of queries, and of keys and values."""
        raise NotImplementedError

    def sizes(self) -> tuple[int, int]:
        """The sizes of a head of queries and keys, and of values."""
        raise NotImplementedError

    def axes(self, query: TensorType) -> tuple[int, ...]:
        """The axes that are attended over."""
        return (1,)

    def output_sizes(self, query: TensorType) -> tuple[int, ...]:
        """The last sizes of y."""
        return (known_size(query.shape[-1], "the number of the query's features"),)

    # ------------------------------------------------------------ shapes

    def infer(
        self, query: TensorType, value: TensorType, key: TensorType | None = None, **masks: TensorType | None
    ) -> TensorType | tuple[TensorType, ...]:
        key = value if key is None else key
        self.expect_operands(query, value, key)
        scores = TensorType(self.compute_dtype, self._score_shape(query, key))
        self._expect_masks(query, key, scores.shape, masks)
        y = scores.with_shape(*query.shape[:-1], *self.output_sizes(query))
        return (y, scores) if self.return_attention_scores else y

    def expect_operands(self, query: TensorType, value: TensorType, key: TensorType) -> None:
        """Ranks, features and common axes of the operands fit."""
        expect_numbers(query, value, key)
        names = ("query", "value", "key")
        for index, (name, operand) in enumerate(zip(names, (query, value, key), strict=True)):
            expect_min_rank(operand, 3, at=index)
            expect_rank(operand, query.rank, at=index)
            known_size(operand.shape[-1], f"the number of the {name}'s features", at=index)
        self._expect_same_steps(value, key)
        attended = self.axes(query)
        for axis in range(query.rank - 1):
            if axis not in attended and agree(query.shape[axis], key.shape[axis]) is None:
                message = f"query and value differ at axis {axis}: {query.shape[axis]} and {key.shape[axis]}"
                raise OpError("shape-mismatch", message, at=1, label=f"this is {value}")

    def _expect_same_steps(self, value: TensorType, key: TensorType) -> None:
        """All dims but the last are the same. Keras must see that they are, unless it knows neither."""
        for axis, (one, other) in enumerate(zip(value.shape[:-1], key.shape[:-1], strict=True)):
            same = equal(one, other)
            half_known = axis > 0 and isinstance(one, int) != isinstance(other, int)
            if same is False or (same is None and half_known):
                message = f"value and key differ at axis {axis}: {one} and {other}"
                raise OpError(
                    "undecidable" if same is None else "shape-mismatch", message, at=2, label=f"this is {key}"
                )

    def _score_shape(self, query: TensorType, key: TensorType) -> Shape:
        axes = self.axes(query)
        batch = (dim for axis, dim in enumerate(query.shape[:-1]) if axis not in axes)
        return (*batch, self.heads()[0], *(query.shape[axis] for axis in axes), *(key.shape[axis] for axis in axes))

    def _expect_masks(
        self, query: TensorType, key: TensorType, scores: Shape, masks: dict[str, TensorType | None]
    ) -> None:
        given = {name: mask for name, mask in masks.items() if mask is not None}
        steps = [name for name in given if name != "attention_mask"]
        steps += [name for name in ("use_causal_mask", "sliding_window") if getattr(self, name)]
        if steps and self.axes(query) != (1,):
            raise OpError("invalid-argument", f"{steps[0]} needs attention over axis 1 alone", at=steps[0])
        for name, mask in given.items():
            if name == "attention_mask":
                self._expect_attention_mask(mask, len(self.axes(query)), scores)
            else:
                wanted = (query if name == "query_mask" else key).shape[:2]
                expect_mask(mask, mask.shape, wanted, name)

    @staticmethod
    def _expect_attention_mask(mask: TensorType, axes: int, scores: Shape) -> None:
        """Its last dims are those of queries and keys; axes of size 1 are added before them."""
        if not 2 * axes <= mask.rank <= len(scores):
            message = f"expected a mask of rank {2 * axes} to {len(scores)}, found rank {mask.rank}"
            raise OpError("rank-mismatch", message, at="attention_mask")
        lead, last = mask.shape[: -2 * axes], mask.shape[-2 * axes :]
        expect_mask(mask, (*lead, *(1,) * (len(scores) - mask.rank), *last), scores, "attention_mask")

    # ------------------------------------------------------------ weights and costs

    def projections(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Iterator[Projection]:
        """The dense layers in Keras's order, each with what it is applied to."""
        (heads, groups), (key_size, value_size) = self.heads(), self.sizes()
        key = value if key is None else key
        yield Projection("query", self._dense(query.rank, 1, (heads, key_size)), query)
        yield Projection("key", self._dense(key.rank, 1, (groups, key_size)), key)
        if self.use_gate:
            yield Projection("gate", self._dense(query.rank, 1, (heads, value_size), "sigmoid"), query)
        yield Projection("value", self._dense(value.rank, 1, (groups, value_size)), value)
        joined = TensorType(self.compute_dtype, (*query.shape[:-1], heads, value_size))
        yield Projection("attention_output", self._dense(query.rank, 2, self.output_sizes(query)), joined)

    def _dense(self, rank: int, bound: int, sizes: tuple[int, ...], activation: str | None = None) -> EinsumDense:
        """A dense layer that sums over the last `bound` axes: abc,cde->abde."""
        letters = iter(ascii_lowercase)
        free, summed, new = ("".join(next(letters) for _ in range(count)) for count in (rank - 1, bound, len(sizes)))
        fields = {name: getattr(self, name) for name in _DENSE}
        fields |= {
            "equation": f"{free}{summed},{summed}{new}->{free}{new}",
            "output_shape": (*(None,) * (rank - 2), *sizes),
            "bias_axes": new if self.use_bias else None,
            "activation": activation,
            "dtype": self.dtype,
        }
        return EinsumDense(fields)

    def weights(
        self, query: TensorType, value: TensorType, key: TensorType | None = None, **_: object
    ) -> Iterable[Weight]:
        for name, layer, operand in self.projections(query, value, key):
            for weight in layer.weights(operand):
                yield weight._replace(name=f"{name}/{weight.name}")

    def _operands(self, tensors: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The operands among operands and outputs."""
        return tensors[: len(tensors) - (2 if self.return_attention_scores else 1)]

    def macs(self, *tensors: TensorType) -> Dim:
        operands = self._operands(tensors)
        scores = product(self._score_shape(operands[0], operands[-1]))
        total: Dim = scores * sum(self.sizes())
        for _, layer, operand in self.projections(*operands):
            total = total + layer.macs(operand, layer.infer(operand))
        return total

    def elementwise(self, *tensors: TensorType) -> Dim:
        """Biases, the gate's activation and product; one operation a score for the scale and one for softmax."""
        operands = self._operands(tensors)
        total: Dim = 2 * product(self._score_shape(operands[0], operands[-1]))
        for name, layer, operand in self.projections(*operands):
            y = layer.infer(operand)
            total = total + layer.elementwise(operand, y) + (y.size if name == "gate" else 0)
        return total

    def workspace(self, *tensors: TensorType) -> Dim:
        """Scores, and what is projected."""
        operands = self._operands(tensors)
        *inside, joined = self.projections(*operands)
        scores = product(self._score_shape(operands[0], operands[-1]))
        return sum((layer.infer(operand).size for _, layer, operand in inside), start=scores + joined.operand.size)


class MultiHeadAttention(HeadedAttention):
    """y = concat_h softmax(q W_q (k W_k)ᵀ / √key_dim) v W_v, projected to output_shape (none: the query's features);
    (N, T, d), (N, S, e), (N, S, f) → (N, T, d) (Vaswani et al. 2017, arXiv:1706.03762)."""

    num_heads: int = attr(positive)
    key_dim: int = attr(positive)
    value_dim: int | None = attr(positive, default=None)
    output_shape: int | Ints | None = attr(positive, default=None)
    attention_axes: int | Ints | None = None
    order = (
        *("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "output_shape", "attention_axes"),
        *("sliding_window", "flash_attention", *_DENSE, "use_gate", "seed"),
    )

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """Keras gives all but dropout and scores to a function of JAX's that takes values of the size of keys."""
        written_out = self.dropout > 0 or self.return_attention_scores
        return () if written_out or self.value_dim in (None, self.key_dim) else ("jax",)

    def heads(self) -> tuple[int, int]:
        return self.num_heads, self.num_heads

    def sizes(self) -> tuple[int, int]:
        return self.key_dim, self.value_dim or self.key_dim

    def axes(self, query: TensorType) -> tuple[int, ...]:
        if self.attention_axes is None:
            return tuple(range(1, query.rank - 1))
        axes = normal_axes(self.attention_axes, query.rank, at="attention_axes")
        if not axes or 0 in axes or query.rank - 1 in axes:
            message = f"attention runs over axes from 1 to {query.rank - 2} of {show(query.shape)}"
            raise OpError("invalid-argument", message, at="attention_axes")
        return axes

    def output_sizes(self, query: TensorType) -> tuple[int, ...]:
        if not self.output_shape:
            return super().output_sizes(query)
        return self.output_shape if isinstance(self.output_shape, tuple) else (self.output_shape,)


class GroupQueryAttention(HeadedAttention):
    """Multi-head attention whose keys and values have fewer heads than the queries, each used by several of them;
    (N, T, d), (N, S, d), (N, S, f) → (N, T, d) (Ainslie et al. 2023, arXiv:2305.13245)."""

    head_dim: int = attr(positive)
    num_query_heads: int = attr(positive)
    num_key_value_heads: int = attr(positive)
    order = (
        *("head_dim", "num_query_heads", "num_key_value_heads", "dropout", "use_bias", "sliding_window"),
        *("flash_attention", *_DENSE, "use_gate", "seed"),
    )

    def validate(self) -> None:
        super().validate()
        if self.num_query_heads % self.num_key_value_heads:
            message = (
                f"{self.num_query_heads} heads of queries do not divide among {self.num_key_value_heads} heads of keys"
            )
            raise OpError("invalid-argument", message, at="num_key_value_heads")

    def heads(self) -> tuple[int, int]:
        return self.num_query_heads, self.num_key_value_heads

    def sizes(self) -> tuple[int, int]:
        return self.head_dim, self.head_dim

    def expect_operands(self, query: TensorType, value: TensorType, key: TensorType) -> None:
        expect_rank(query, 3)
        super().expect_operands(query, value, key)
        if query.shape[-1] != value.shape[-1]:
            message = f"query and value need the same features, found {query.shape[-1]} and {value.shape[-1]}"
            raise OpError("shape-mismatch", message, at=1, label=f"this is {value}")
