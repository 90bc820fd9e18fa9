"""Owns arithmetic and comparison of what is known at compile time: numbers, dims, strings and lists. Tensors are none
of its business. Raises ArithmeticFault where there is no result, or none that can be decided."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import isfinite
from typing import Any

from netwright.compiler.dims import DimTooComplex, InexactDivision, SymbolicDim, equal, less_equal, less_than
from netwright.compiler.values import kind_of, show

#: longest list, and most bits of an integer, that an expression may make
MAX_ITEMS = 1_000_000
MAX_BITS = 4096


class ArithmeticFault(Exception):
    """No result. `code` is a diagnostic code."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        self.code = code
        self.message = message
        self.help = help
        super().__init__(message)


def is_number(value: Any) -> bool:
    """A number or dim; booleans are none."""
    return isinstance(value, (int, float, SymbolicDim)) and not isinstance(value, bool)


def binary(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right` for numbers and dims, lists (+ and *) and strings (+)."""
    if is_number(left) and is_number(right) and symbol in (*_NUMERIC, "/"):
        return _numeric(symbol, left, right)
    if symbol == "+" and type(left) is type(right) and isinstance(left, (tuple, str)):
        return _bounded(left + right)
    if symbol == "*" and isinstance(left, tuple) and isinstance(right, int):
        if len(left) * right > MAX_ITEMS:
            raise ArithmeticFault("model-too-large", f"a list of {len(left) * right:,} items is too long")
        return left * right
    raise ArithmeticFault("wrong-kind", f"'{symbol}' does not take {kind_of(left)} and {kind_of(right)}")


def _numeric(symbol: str, left: Any, right: Any) -> Any:
    if symbol == "**":
        _check_power(left, right)
    try:
        result = _divide(left, right) if symbol == "/" else _NUMERIC[symbol](left, right)
    except ZeroDivisionError:
        raise ArithmeticFault("arithmetic", f"{show(left)} {symbol} {show(right)} divides by zero") from None
    except InexactDivision:
        help = "use `//` to round down, or `ceil(a / b)` of numbers"
        raise ArithmeticFault("undecidable", f"{show(left)} / {show(right)} is not whole for all sizes", help) from None
    except DimTooComplex:
        raise ArithmeticFault("model-too-large", "the formula of this size grows too long") from None
    except (OverflowError, TypeError, ValueError):
        raise ArithmeticFault("arithmetic", f"{show(left)} {symbol} {show(right)} has no result") from None
    if isinstance(result, complex):
        raise ArithmeticFault("arithmetic", f"{show(left)} {symbol} {show(right)} is not a real number")
    if isinstance(result, float) and not isfinite(result) and _finite(left) and _finite(right):
        raise ArithmeticFault("arithmetic", f"{show(left)} {symbol} {show(right)} is too large")
    return _bounded(result)


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or isfinite(value)


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
        raise ArithmeticFault("arithmetic", f"{left} ** {right} is too large")


def _bounded(result: Any) -> Any:
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise ArithmeticFault("arithmetic", "the number is too large")
    if isinstance(result, (tuple, str)) and len(result) > MAX_ITEMS:
        what = "a list of {:,} items" if isinstance(result, tuple) else "a text of {:,} characters"
        raise ArithmeticFault("model-too-large", f"{what.format(len(result))} is too long")
    return result


_NUMERIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def negate(value: Any) -> Any:
    """`-value` of a number or dim."""
    if not is_number(value):
        raise ArithmeticFault("wrong-kind", f"'-' does not take {kind_of(value)}")
    return -value


# ---------------------------------------------------------------- comparison


def compare(symbol: str, left: Any, right: Any) -> bool:
    """The truth of `left symbol right`; undecidable comparisons of symbolic dims raise."""
    answer = _COMPARISONS[symbol](left, right)
    if answer is None:
        help = "give the sizes as numbers (`--set`), or compare sizes of the same symbols"
        text = f"{show(left)} {symbol} {show(right)}"
        raise ArithmeticFault("undecidable", f"'{text}' is true for some sizes and false for others", help)
    return answer


def same(left: Any, right: Any) -> bool | None:
    """Equality of any two compile-time values; None where symbolic dims leave it open."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return False
        answers = [same(one, other) for one, other in zip(left, right, strict=True)]
        return False if False in answers else None if None in answers else True
    if isinstance(left, SymbolicDim) or isinstance(right, SymbolicDim):
        return _same_dim(left, right)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _same_dim(left: Any, right: Any) -> bool | None:
    dims = isinstance(left, (int, SymbolicDim)) and isinstance(right, (int, SymbolicDim))
    return equal(left, right) if dims and not isinstance(left, bool) and not isinstance(right, bool) else False


def _different(left: Any, right: Any) -> bool | None:
    answer = same(left, right)
    return None if answer is None else not answer


def _contained(item: Any, items: Any) -> bool | None:
    if isinstance(items, str) and isinstance(item, str):
        return item in items
    if not isinstance(items, tuple):
        raise ArithmeticFault("wrong-kind", f"'in' needs a list on its right, found {kind_of(items)}")
    answers = [same(item, other) for other in items]
    return True if True in answers else None if None in answers else False


def _ordered(
    for_dims: Callable[[Any, Any], bool | None], for_numbers: Callable[[Any, Any], bool]
) -> Callable[[Any, Any], bool | None]:
    def order(left: Any, right: Any) -> bool | None:
        if not (is_number(left) and is_number(right)):
            if isinstance(left, str) and isinstance(right, str):
                return for_numbers(left, right)
            raise ArithmeticFault("wrong-kind", f"{kind_of(left)} and {kind_of(right)} have no order")
        if isinstance(left, SymbolicDim) or isinstance(right, SymbolicDim):
            if isinstance(left, float) or isinstance(right, float):
                return None
            return for_dims(left, right)
        return for_numbers(left, right)

    return order


_COMPARISONS: dict[str, Callable[[Any, Any], bool | None]] = {
    "==": same,
    "!=": _different,
    "<": _ordered(less_than, operator.lt),
    "<=": _ordered(less_equal, operator.le),
    ">": _ordered(lambda a, b: less_than(b, a), operator.gt),
    ">=": _ordered(lambda a, b: less_equal(b, a), operator.ge),
    "in": _contained,
}


def truth(value: Any) -> bool:
    """Whether a condition holds: numbers are true unless 0, lists and strings unless empty, none is false."""
    if isinstance(value, SymbolicDim):
        return True  # every size is at least 1
    if isinstance(value, (bool, int, float, str, tuple, type(None))):
        return bool(value)
    raise ArithmeticFault("wrong-kind", f"a condition must be true or false, found {kind_of(value)}")
