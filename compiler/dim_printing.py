"""Owns the text of a dim: Python's syntax (which is flow's), the shortest of the ways a person would write it.
Must not know how normal forms are reached; every text evaluates to what the polynomial does."""

from __future__ import annotations

from math import gcd

from netwright.compiler.dim_atoms import Atom, Extremum, FloorDivision, Monomial, divide_monomials
from netwright.compiler.dim_polynomial import Polynomial, divide, shared_monomial, strip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Piece = tuple[int, str]  # sign * text, where text binds at least as tightly as a product


def polynomial_text(polynomial: Polynomial) -> str:
    plain = _sum_text(polynomial)
    factored = _factored_text(polynomial)
    return plain if factored is None or len(plain) < len(factored) else factored


def _sum_text(polynomial: Polynomial) -> str:
    pieces: list[Piece] = []
    rest = polynomial
    for extract in (_extract_remainders, _extract_divisions):
        found, rest = extract(rest)
        pieces.extend(found)
    terms = [_term(monomial, factor) for monomial, factor in rest.terms if monomial]
    # Symbols before divisions before constants: H + W//2 - 1.
    pieces = terms + pieces
    if rest.offset:
        pieces.append(_term((), rest.offset))
    return _join(pieces)


def _join(pieces: list[Piece]) -> str:
    if not pieces:
        return "0"
    first = next((index for index, (sign, _) in enumerate(pieces) if sign > 0), 0)
    pieces = [pieces[first], *pieces[:first], *pieces[first + 1 :]]
    sign, text = pieces[0]
    head = text if sign > 0 else "-" + (f"({text})" if "//" in text or "%" in text else text)
    return head + "".join(f" {'+' if sign > 0 else '-'} {text}" for sign, text in pieces[1:])


def _term(monomial: Monomial, factor: int) -> Piece:
    return (1 if factor > 0 else -1), _product_text(abs(factor), monomial)


def _product_text(factor: int, monomial: Monomial) -> str:
    if factor == 1 and len(monomial) == 1:
        return _atom_text(monomial[0])
    parts = [str(factor)] if factor != 1 or not monomial else []
    for atom in dict.fromkeys(monomial):
        count = monomial.count(atom)
        text = _operand(_atom_text(atom))
        parts.append(text if count == 1 else f"{text}**{count}")
    return "*".join(parts)


def _operand(text: str) -> str:
    """`text` so that it may stand beside any operator."""
    return text if _is_closed(text) else f"({text})"


def _is_closed(text: str) -> bool:
    return text.isidentifier() or text.isdigit() or _is_call(text)


def _is_call(text: str) -> bool:
    """One call or one pair of parentheses from end to end: max(H, W + 1)."""
    head, bracket, _ = text.partition("(")
    if not bracket or not text.endswith(")") or not head.isidentifier():
        return False
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return index == len(text) - 1
    return False


def _atom_text(atom: Atom) -> str:
    if atom.text is None:
        atom.text = _ATOM_TEXT[FloorDivision if isinstance(atom, FloorDivision) else Extremum](atom)
    return atom.text


def _division_text(atom: Atom) -> str:
    assert isinstance(atom, FloorDivision)
    return _quotient_text(atom.numerator, "//", atom.denominator)


def _quotient_text(numerator: Polynomial, operator: str, denominator: Polynomial) -> str:
    above, below = polynomial_text(numerator), polynomial_text(denominator)
    if len(numerator.terms) > 1 or above.startswith("-"):
        above = _operand(above)
    spaced = f" {operator} " if operator == "%" else operator
    return f"{above}{spaced}{_operand(below)}"


def _extremum_text(atom: Atom) -> str:
    assert isinstance(atom, Extremum)
    return f"{atom.name}({', '.join(polynomial_text(part) for part in atom.parts)})"


_ATOM_TEXT: dict[type[Atom], Callable[[Atom], str]] = {FloorDivision: _division_text, Extremum: _extremum_text}


def _divisions(polynomial: Polynomial) -> list[FloorDivision]:
    divisions = [atom for atom in polynomial.atoms() if isinstance(atom, FloorDivision)]
    return sorted(divisions, key=lambda atom: atom.order)


def _extract_remainders(polynomial: Polynomial) -> tuple[list[Piece], Polynomial]:
    """Find m*(a - b*(a//b)) and write it m*(a % b)."""
    pieces: list[Piece] = []
    for atom in _divisions(polynomial):
        remainder = atom.numerator - atom.denominator.scale(1, (atom,))
        lead, by = atom.denominator.scale(1, (atom,)).terms[0]
        factor = -dict(polynomial.terms).get(lead, 0)
        if factor == 0 or factor % by:
            continue
        less = polynomial - remainder.scale(factor // by)
        if len(less.terms) < len(polynomial.terms) - 1 or not less.terms:
            text = _quotient_text(atom.numerator, "%", atom.denominator)
            pieces.append((1 if factor > 0 else -1, _times(abs(factor // by), text)))
            polynomial = less
    return pieces, polynomial


def _times(factor: int, text: str) -> str:
    return text if factor == 1 else f"{factor}*{_operand(text)}"


def _extract_divisions(polynomial: Polynomial) -> tuple[list[Piece], Polynomial]:
    """Write divisions that stand alone, each with what belongs into its numerator: (H - 3)//2 + 1, 3*H//2."""
    pieces: list[Piece] = []
    coefficients = dict(polynomial.terms)
    alone = [atom for atom in _divisions(polynomial) if coefficients.get((atom,)) in (1, -1)]
    for atom in alone:
        sign = coefficients[(atom,)]
        polynomial = polynomial - Polynomial((((atom,), sign),))
        wider = _widen(atom, sign, polynomial)
        if wider is not None:
            text, polynomial = wider
            pieces.append((1, text))
        elif len(alone) == 1 and sign == 1 and _is_window(atom, polynomial.offset):
            numerator, polynomial = _as_window(atom, polynomial)
            pieces.append((1, _quotient_text(numerator, "//", atom.denominator)))
        else:
            pieces.append((sign, _atom_text(atom)))
    return pieces, polynomial


def _widen(atom: FloorDivision, sign: int, rest: Polynomial) -> tuple[str, Polynomial] | None:
    """q a + (a n + r)//k as one division, where that is shorter and q is over the numerator's own monomials."""
    divisor = atom.denominator.value
    if divisor is None:
        return None
    own = {monomial for monomial, _ in atom.numerator.terms if monomial}
    beside = Polynomial.collect((monomial, factor) for monomial, factor in rest.terms if monomial in own)
    if not beside.terms:
        return None
    inner = atom.numerator if sign > 0 else Polynomial.constant(divisor - 1) - atom.numerator
    text = _quotient_text(inner + beside.scale(divisor), "//", atom.denominator)
    apart = _join([*(_term(*term) for term in beside.terms), (sign, _atom_text(atom))])
    return (text, rest - beside) if len(text) < len(apart) else None


def _is_window(atom: FloorDivision, offset: int) -> bool:
    return atom.denominator.value is not None and atom.numerator.offset > 0 and offset < 0


def _as_window(atom: FloorDivision, rest: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(n + r)//k - c as the number of windows it counts: (n - size)//k + 1, as convolution is written."""
    into = Polynomial.constant((rest.offset - 1) * (atom.denominator.value or 1))
    return atom.numerator + into, rest - Polynomial.constant(rest.offset - 1)


def _factored_text(polynomial: Polynomial) -> str | None:
    """The product form, if it has one: 8*N*((H - 3)//2 + 1)*((W - 3)//2 + 1)."""
    if len(polynomial.terms) < 2:
        return None
    sign = 1 if polynomial.terms[0][1] > 0 else -1
    common = sign * gcd(*(factor for _, factor in polynomial.terms))
    monomial = shared_monomial(polynomial)
    factors = list(_linear_factors(strip(polynomial, common, monomial)))
    if len(factors) == 1 and abs(common) == 1 and not monomial:
        return None
    sums = "*".join(_operand(_sum_text(factor)) for factor in factors)
    head = _product_text(abs(common), monomial)
    if not monomial and abs(common) == 1:
        return ("-" if common < 0 else "") + sums
    if len(monomial) == 1 and common in (1, -1):
        head = _operand(head)
    return f"{'-' if common < 0 else ''}{head}*{sums}"


def _linear_factors(polynomial: Polynomial) -> Iterator[Polynomial]:
    """Split off factors (atom + rest) as long as there are any: P = atom*U + V with U a divisor of V."""
    for atom in sorted(polynomial.atoms(), key=lambda one: one.order):
        if any(monomial.count(atom) > 1 for monomial, _ in polynomial.terms):
            continue
        slope = Polynomial.collect(
            (rest, factor)
            for monomial, factor in polynomial.terms
            if (rest := divide_monomials(monomial, (atom,))) is not None
        )
        if slope.value is not None or slope.terms[0][1] < 0:
            continue
        quotient, remainder = divide(polynomial, slope)
        if not remainder.terms:
            yield quotient
            yield from _linear_factors(slope)
            return
    yield polynomial
