"""Owns the layers that replace words or numbers by their places in a vocabulary: integer_lookup, string_lookup and
text_vectorization. Keras's `adapt`, which learns a vocabulary from data, has no meaning in a spec, so it is given."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from netwright.compiler.dims import Dim, dim_max
from netwright.compiler.ops.attributes import (
    TYPES,
    AttributeType,
    Floats,
    Ints,
    at_least_two,
    attr,
    not_negative,
    one_of,
    positive,
)
from netwright.compiler.ops.encoding import encoded, refuse_sparse
from netwright.compiler.ops.hashing import Uncompiled, two_integers
from netwright.compiler.ops.op import LayerName, OpError, expect_min_rank
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers
from netwright.compiler.types import Shape, TensorType

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf", "binary", "tf-idf")
#: other names of the modes
_SAME = {"binary": "multi_hot", "tf-idf": "tf_idf"}
#: what Keras's lookups do not take, or take and do nothing with
_LEFT_OUT = {"dtype": "Keras takes it and does nothing with it", "trainable": "Keras takes it and does nothing with it"}
_LEFT_OUT |= dict.fromkeys(("autocast", "activity_regularizer"), "Keras refuses it")


class _Strings(AttributeType):
    """A tuple of strings of any length."""

    expected = "a list of strings"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(TYPES["str"].convert(item, owner) for item in value)
        raise self.fault("a file is not read: list its lines" if isinstance(value, str) else None)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


TYPES["Strings"] = _Strings()
Strings = tuple[str, ...]  # what type checkers see behind the annotation name


class Vocabulary(Uncompiled, abstract=True):
    """A layer with a vocabulary of `terms`. Places: in mode int 0 for the mask token if there is one, then those of
    terms that are not in the vocabulary, then its terms; in other modes without the mask."""

    operands = ("inputs",)
    max_tokens: int | None = attr(at_least_two, default=None)
    vocabulary: Any = None
    idf_weights: Floats | None = None
    output_mode: str = attr(one_of(*MODES), default="int")
    pad_to_max_tokens: bool = False
    sparse: bool = False
    #: how many terms there are for what is not in the vocabulary, and the tokens that stand for it and for masks
    num_oov_indices: int = 1
    mask_token: Any = None
    oov_token: Any = None
    invert: bool = False

    @property
    def mode(self) -> str:
        """The output mode by its own name."""
        return _SAME.get(self.output_mode, self.output_mode)

    def validate(self) -> None:
        refuse_sparse(self)
        if self.vocabulary is None:
            message = "the vocabulary is not given, and a spec has no data to adapt to"
            raise OpError("missing-argument", message, help="give it: vocabulary=[...]")
        self._expect_terms()
        self._expect_idf()
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise OpError("missing-argument", "pad_to_max_tokens needs max_tokens", at="pad_to_max_tokens")
        if self.max_tokens is not None and self.size > self.max_tokens:
            message = f"the vocabulary has {self.size} terms, those for masks and unknown terms included"
            raise OpError("invalid-argument", message, at="max_tokens")

    def _special(self) -> tuple[Any, ...]:
        """The tokens that a vocabulary may begin with."""
        masks = (self.mask_token,) if self.mask_token is not None and self.mode == "int" else ()
        return masks + (self.oov_token,) * self.num_oov_indices

    @property
    def terms(self) -> tuple[Any, ...]:
        """The vocabulary without the special tokens that it may begin with."""
        special = self._special()
        given: tuple[Any, ...] = self.vocabulary or ()
        return given[len(special) :] if given[: len(special)] == special else given

    @property
    def size(self) -> int:
        """The number of places."""
        return len(self._special()) + len(self.terms)

    def _expect_terms(self) -> None:
        if not self.vocabulary:
            raise OpError("invalid-argument", "the vocabulary is empty", at="vocabulary")
        twice = next((term for term, count in Counter(self.terms).items() if count > 1), None)
        if twice is not None:
            raise OpError("invalid-argument", f"{twice!r} stands twice in the vocabulary", at="vocabulary")
        reserved = (self.mask_token, self.oov_token) if self.invert else (self.mask_token,)
        found = [token for token in reserved if token is not None and token in self.terms]
        if found:
            help = f"leave it out, or begin the vocabulary with {list(self._special())}"
            raise OpError(
                "invalid-argument", f"{found[0]!r} stands for masks or unknown terms", at="vocabulary", help=help
            )

    def _expect_idf(self) -> None:
        weights = self.idf_weights
        if self.mode == "tf_idf" and weights is None:
            raise OpError("missing-argument", "tf_idf needs idf_weights, one for each term", at="output_mode")
        if self.mode != "tf_idf" and weights is not None:
            raise OpError("invalid-argument", "idf_weights belong to output_mode tf_idf", at="idf_weights")
        if weights is not None and len(weights) != len(self.vocabulary):
            message = f"expected {len(self.vocabulary)} weights, one for each term, found {len(weights)}"
            raise OpError("invalid-argument", message, at="idf_weights")

    def looked_up(self, terms: TensorType) -> TensorType:
        """The places of terms, or what encodes them: in i64, as Keras computes them."""
        dtype = "f32" if self.mode == "tf_idf" else "i64"
        mode = "count" if self.mode == "tf_idf" else self.mode
        if mode == "one_hot":
            expect_min_rank(terms, 1)
        return encoded(terms, mode, self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.size, dtype)

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return tensors[-1].size if self.mode == "tf_idf" else 0


class Lookup(Vocabulary, abstract=True):
    """A layer that looks terms up, or with invert gives the terms at places."""

    excluded: ClassVar[dict[str, str]] = _LEFT_OUT
    num_oov_indices: int = attr(not_negative, default=1)
    invert: bool = False
    salt: int | Ints | None = attr(two_integers, default=None)
    name: LayerName | None = None
    dtype: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]

    def validate(self) -> None:
        super().validate()
        if self.invert and self.mode != "int":
            raise OpError("invalid-argument", "invert needs output_mode int", at="output_mode")


class IntegerLookup(Lookup):
    """y = the place of x in the vocabulary: 1 + i for its term i (2 + i with a mask token, whose place is 0), and 0 (1)
    for others; x: (...) → y: i64 (...), or encoded as category_encoding does with one_hot, multi_hot and count;
    tf_idf is count times idf_weights, in f32. Others than one place for unknown terms: x mod num_oov_indices, or a
    hash."""

    mask_token: int | None = None
    oov_token: int | None = -1
    vocabulary: Ints | None = None
    vocabulary_dtype: str = attr(one_of("int64"), default="int64")
    oov_method: str = attr(one_of("floormod", "farmhash"), default="floormod")
    order = (
        *("max_tokens", "num_oov_indices", "mask_token", "oov_token", "vocabulary", "vocabulary_dtype"),
        *("idf_weights", "invert", "output_mode", "sparse", "pad_to_max_tokens", "oov_method", "salt", "name"),
    )

    def validate(self) -> None:
        super().validate()
        if self.salt is not None and self.oov_method != "farmhash":
            raise OpError("invalid-argument", "salt needs oov_method farmhash", at="salt")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_numbers(inputs)
        return self.looked_up(inputs)


class StringLookup(Lookup):
    """y = the place of x in the vocabulary, as integer_lookup has it, unknown words by a hash where they have several
    places; x: str (...) → y: i64 (...) or encoded. With invert words at places: x: (...) → y: str (...)."""

    mask_token: str | None = None
    oov_token: str | None = "[UNK]"
    vocabulary: Strings | None = None
    encoding: str = "utf-8"
    order = (
        *("max_tokens", "num_oov_indices", "mask_token", "oov_token", "vocabulary", "idf_weights", "invert"),
        *("output_mode", "pad_to_max_tokens", "sparse", "encoding", "name", "salt"),
    )

    def infer(self, inputs: TensorType) -> TensorType:
        if self.invert:
            expect_numbers(inputs)
            return inputs.with_dtype("str")
        expect_dtype(inputs, inputs.dtype == "str", "str")
        return self.looked_up(inputs)


class TextVectorization(Vocabulary):
    """Texts cut into words or characters, in n-grams if so told, and looked up: y[i, t] = the place of token t of text
    i, 0 behind the last and 1 for unknown ones; x: str (N) or (N, 1) → y: i64 (N, output_sequence_length), or
    (N, size of the vocabulary) with multi_hot, count and tf_idf. With split none x is tokens already."""

    num_oov_indices: ClassVar[int] = 1  # type: ignore[misc]
    mask_token: ClassVar[str] = ""  # type: ignore[misc]
    oov_token: ClassVar[str] = "[UNK]"  # type: ignore[misc]
    invert: ClassVar[bool] = False  # type: ignore[misc]
    standardize: str | None = attr(
        one_of("lower_and_strip_punctuation", "lower", "strip_punctuation"), default="lower_and_strip_punctuation"
    )
    split: str | None = attr(one_of("whitespace", "character"), default="whitespace")
    ngrams: int | Ints | None = attr(positive, default=None)
    output_sequence_length: int | None = attr(positive, default=None)
    vocabulary: Strings | None = None
    ragged: bool = False
    encoding: str = "utf-8"
    name: LayerName | None = None
    order = (
        *("max_tokens", "standardize", "split", "ngrams", "output_mode", "output_sequence_length"),
        *("pad_to_max_tokens", "vocabulary", "idf_weights", "sparse", "ragged", "encoding", "name"),
    )

    def validate(self) -> None:
        super().validate()
        if self.ragged:
            raise OpError("not-supported", "ragged tensors do not run on every backend", at="ragged")
        if self.output_sequence_length is not None and self.mode != "int":
            message = "output_sequence_length needs output_mode int"
            raise OpError("invalid-argument", message, at="output_sequence_length")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_dtype(inputs, inputs.dtype == "str", "str")
        expect_min_rank(inputs, 1)
        return self.looked_up(inputs.with_shape(*self._tokens(inputs)))

    def _tokens(self, texts: TensorType) -> Shape:
        """The shape of the tokens; where they are counted, their number may be anything, and is 1 here."""
        *outer, last = texts.shape
        if self.split is not None:
            outer, last = self._split(texts), 1
        elif self.ngrams is not None:
            last = self._grams(last)
        return (*outer, self.output_sequence_length or last)

    def _split(self, texts: TensorType) -> list[Dim]:
        """The shape of texts that are cut, without an axis of size 1 at the end."""
        outer = list(texts.shape if texts.rank == 1 else texts.shape[:-1])
        if texts.rank > 1 and texts.shape[-1] != 1:
            raise OpError("shape-mismatch", f"expected texts of shape [N] or [N, 1], found {texts}", at=0)
        if self.mode == "one_hot" or (self.mode != "int" and len(outer) > 1):
            message = "texts differ in tokens, and ragged tensors do not run on every backend"
            raise OpError("not-supported", message, at="output_mode")
        if self.mode == "int" and self.output_sequence_length is None:
            message = "how many tokens a text has is not known when the model is compiled"
            raise OpError("unknown-size", message, help="give output_sequence_length=100")
        return outer

    def _grams(self, tokens: Dim) -> Dim:
        """Σ max(tokens - n + 1, 0) over the widths n."""
        widths = self.ngrams if isinstance(self.ngrams, tuple) else range(1, (self.ngrams or 0) + 1)
        total: Dim = 0
        for width in widths:
            total = total + dim_max(tokens - (width - 1), 0)
        return total
