"""Owns the functions of keras.ops that solve linear equations and take matrices apart. Both backends have them for f32
and f64. What they cost is not known; it is left to the backend."""

from __future__ import annotations

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, not_negative, one_of
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, expect_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import broadcast, expect_dtype, expect_equal, product, show
from netwright.compiler.types import Shape, TensorType


def expect_matrix(x: TensorType, at: int = 0) -> None:
    """One matrix or several, of f32 or f64."""
    expect_dtype(x, x.dtype in {"f32", "f64"}, "f32", at=at)
    expect_min_rank(x, 2, at=at)


def expect_square(x: TensorType) -> None:
    """As many rows as columns."""
    expect_matrix(x)
    if agree(*x.shape[-2:]) is None:
        message = f"expected square matrices, found {x.shape[-2]} rows and {x.shape[-1]} columns"
        raise OpError("shape-mismatch", message, at=0, label=f"this is {x}")


class Decomposition(Function, abstract=True):
    """A function of matrices."""

    def macs(self, *_: TensorType) -> None:
        """Not known."""


# ---------------------------------------------------------------- of square matrices


class OfSquare(Decomposition, abstract=True):
    """Square matrices of square matrices; (..., n, n) → (..., n, n)."""

    def infer(self, x: TensorType) -> TensorType:
        expect_square(x)
        return x


class Inv(OfSquare):
    """y = x⁻¹; (..., n, n) → (..., n, n)."""


class Cholesky(OfSquare):
    """y yᵀ = x, y lower triangular, of positive definite x; upper: yᵀ y = x, y upper triangular;
    (..., n, n) → (..., n, n)."""

    upper: bool = False


class CholeskyInverse(OfSquare):
    """y = (x xᵀ)⁻¹ of what cholesky gives, or (xᵀ x)⁻¹ with upper; (n, n) → (n, n). JAX's backend takes one matrix."""

    upper: bool = False

    def infer(self, x: TensorType) -> TensorType:
        expect_rank(x, 2)
        return super().infer(x)


class Determinant(Decomposition, abstract=True):
    """A number for each matrix; (..., n, n) → (...)."""

    def infer(self, x: TensorType) -> TensorType:
        expect_square(x)
        return x.with_shape(*x.shape[:-2])


class Det(Determinant):
    """y = the determinant of x; (..., n, n) → (...). XLA does not compile it on TensorFlow, where logdet is."""

    not_run_on = ("tensorflow",)


class Logdet(Determinant):
    """y = ln det x, of positive definite x; (..., n, n) → (...)."""


class Eigh(Decomposition):
    """(eigenvalues in rising order, eigenvectors as columns) of symmetric matrices; (..., n, n) → (..., n),
    (..., n, n)."""

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_square(x)
        return x.with_shape(*x.shape[:-1]), x


# ---------------------------------------------------------------- of any matrices


class Qr(Decomposition):
    """(q, r): x = q r, the columns of q orthonormal, r upper triangular; (..., m, n) → (..., m, k), (..., k, n), k the
    less of m and n, or m where the mode is complete."""

    mode: str = attr(one_of("reduced", "complete"), default="reduced")

    @property
    def not_trained_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """TensorFlow has no gradient of the complete one."""
        return ("tensorflow",) if self.mode == "complete" else ()

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_matrix(x)
        rows, columns = (known_size(dim, "the size of a matrix") for dim in x.shape[-2:])
        inner = rows if self.mode == "complete" else min(rows, columns)
        return x.with_shape(*x.shape[:-2], rows, inner), x.with_shape(*x.shape[:-2], inner, columns)


class Svd(Decomposition):
    """(u, s, v): x = u diag(s) v, u and v orthogonal, s falling; (..., m, n) → (..., m, m), (..., k), (..., n, n), k
    the less of m and n; without full_matrices u is (..., m, k) and v (..., k, n); without compute_uv s alone."""

    full_matrices: bool = True
    compute_uv: bool = True

    def untrained_on(self, *operands: TensorType) -> tuple[str, ...]:
        """Of the full matrices JAX has a gradient where x is square, TensorFlow where its sides differ by 1 at most."""
        rows, columns = (known_size(dim, "the size of a matrix") for dim in operands[0].shape[-2:])
        beyond = abs(rows - columns) if self.full_matrices and self.compute_uv else 0
        return ("tensorflow", "jax") if beyond > 1 else ("jax",) if beyond else ()

    def infer(self, x: TensorType) -> TensorType | tuple[TensorType, ...]:
        expect_matrix(x)
        batch = x.shape[:-2]
        rows, columns = (known_size(dim, "the size of a matrix") for dim in x.shape[-2:])
        least = min(rows, columns)
        values = x.with_shape(*batch, least)
        if not self.compute_uv:
            return values
        left, right = (rows, columns) if self.full_matrices else (least, least)
        return x.with_shape(*batch, rows, left), values, x.with_shape(*batch, right, columns)


class Pinv(Decomposition):
    """y = the pseudoinverse of x, where singular values below rcond times the greatest are 0; (..., m, n) →
    (..., n, m)."""

    rcond: float | None = attr(not_negative, default=None)

    def infer(self, x: TensorType) -> TensorType:
        expect_matrix(x)
        return x.with_shape(*x.shape[:-2], x.shape[-1], x.shape[-2])


class MatrixRank(Decomposition):
    """y = how many singular values of x are above tol, i32; (..., m, n) → (...)."""

    tol: float | None = attr(not_negative, default=None)

    def infer(self, x: TensorType) -> TensorType:
        expect_matrix(x)
        return TensorType("i32", x.shape[:-2])


# ---------------------------------------------------------------- equations


def expect_right_side(a: TensorType, b: TensorType) -> None:
    """A dtype, and leading axes, that `a` has."""
    expect_dtype(b, b.dtype == a.dtype, a.dtype, at=1)
    shared = a.shape[:-1]
    fits = b.rank in {a.rank, a.rank - 1}
    if not fits or any(agree(dim, size) is None for dim, size in zip(shared, b.shape, strict=False)):
        message = f"the right side has no rows for {show(a.shape)}, found {show(b.shape)}"
        raise OpError("shape-mismatch", message, at=1, label=f"this is {b}")


class Solve(Decomposition):
    """a y = b; a: (..., n, n), b: (..., n, m) → y as b; one matrix also takes b: (n,)."""

    operands = ("a", "b")

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        expect_square(a)
        expect_right_side(a, b)
        if b.rank < a.rank and a.rank > 2:
            message = "Keras on JAX solves for vectors with one matrix alone"
            raise OpError("not-supported", message, at=1, help="add an axis with expand_dims(-1) and squeeze it after")
        return b


class SolveTriangular(Decomposition):
    """a y = b, a upper triangular, or lower; a: (..., n, n), b: (..., n, m) or (..., n) → y as b."""

    operands = ("a", "b")
    lower: bool = False

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        expect_square(a)
        expect_right_side(a, b)
        return b


class Lstsq(Decomposition):
    """The y with the least Σ (a y - b)², and of these the one with the least Σ y²; a: (m, n), b: (m, k) or (m,) →
    (n, k) or (n,)."""

    operands = ("a", "b")
    rcond: float | None = attr(not_negative, default=None)

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        expect_matrix(a)
        expect_rank(a, 2)
        expect_rank(b, 1, 2, at=1)
        expect_right_side(a, b)
        return b.with_shape(a.shape[1], *b.shape[1:])


# ---------------------------------------------------------------- distances


class Cdist(Function):
    """y_ij = √(Σ (x_i - y_j)²), the distance of each row to each; x: (..., n, d), y: (..., m, d) → (..., n, m)."""

    operands = ("x", "y")

    def infer(self, x: TensorType, y: TensorType) -> TensorType:
        for at, operand in enumerate((x, y)):
            expect_dtype(operand, operand.is_float and operand.dtype == x.dtype, "floats of one dtype", at=at)
            expect_min_rank(operand, 2, at=at)
        expect_equal(x.shape[-1], y.shape[-1], "the lengths of the rows", at=1)
        shape: Shape = (*broadcast(x.shape[:-2], y.shape[:-2]), x.shape[-2], y.shape[-2])
        return x.with_shape(*shape)

    def elementwise(self, *tensors: TensorType) -> Dim:
        x, *_, y = tensors
        return product(y.shape) * (3 * x.shape[-1] + 1)
