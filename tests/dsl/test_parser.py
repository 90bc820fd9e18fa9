"""What flow text means: trees, precedence, places, bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from netwright.dsl import tree
from netwright.dsl.diagnostics import SpecError
from netwright.dsl.nesting import operands
from netwright.dsl.parser import parse_body, parse_expression, parse_header, parse_stage, parse_type
from netwright.dsl.records import fields
from netwright.dsl.source import Fragment, Source, Span


def whole(text: str) -> Fragment:
    return Fragment(Source("test.yaml", text), text, ((0, 0),))


def block_scalar(text: str) -> Fragment:
    """The text as it stands below a key, each line indented further than the one above."""
    file, pieces, at = "model: |\n", [], 0
    for number, line in enumerate(text.split("\n")):
        pieces.append((at, len(file) + number + 2))
        file += " " * (number + 2) + line + "\n"
        at += len(line) + 1
    return Fragment(Source("test.yaml", file), text, tuple(pieces))


def shape(value: Any) -> str:
    """A tree without its places: `Chain([x, Call(f, [Argument(None, 1)])])`."""
    if isinstance(value, tree.Name):
        return value.id
    if isinstance(value, tree.Literal):
        return repr(value.value)
    if isinstance(value, tuple):
        return f"[{', '.join(shape(item) for item in value if not isinstance(item, Span))}]"
    if hasattr(value, "__record_fields__"):
        inside = [getattr(value, name) for name in fields(value)]
        return f"{type(value).__name__}({', '.join(shape(item) for item in inside if not isinstance(item, Span))})"
    return str(value)


def expression(text: str) -> str:
    return shape(parse_expression(whole(text)))


EQUIVALENT = [
    ("y + shortcut -> relu", "(y + shortcut) -> relu"),
    ("x -> f if c else y", "(x -> f) if c else y"),
    ("a if b else c if d else e", "a if b else (c if d else e)"),
    ("x -> f * 3", "x -> (f * 3)"),
    ("x -> stage(w, 3) * (depth - 1)", "x -> (stage(w, 3) * (depth - 1))"),
    ("shared f -> g", "(shared f) -> g"),
    ("shared f(3) * 2", "(shared (f(3))) * 2"),
    ("a -> b == c", "a -> (b == c)"),
    ("not a == b and c or d", "((not (a == b)) and c) or d"),
    ("-a ** -b ** c", "-(a ** (-(b ** c)))"),
    ("-a.b[0](c)", "-(((a.b)[0])(c))"),
    ("a - b + c * d // e @ f", "(a - b) + (((c * d) // e) @ f)"),
    ("not not a", "not (not a)"),
    ("f(a, b=1,)", "f(a, b=1)"),
    ("[a, b,]", "[a, b]"),
    ("{f, g -> h,}", "{f, (g -> h)}"),
    ("[x for a, b in c -> d if e]", "[x for a, b in (c -> d) if (e)]"),
    ("f(a if b else c -> d)", "f((a if b else (c -> d)))"),
    ("'a\"' ", '"a\\""'),
    ("True", "true"),
    ("null", "none"),
    ("a\n\n  # why\n  -> f(1, # here\n2)\n  + 3", "a -> f(1, 2) + 3"),
]


@pytest.mark.parametrize(("text", "same"), EQUIVALENT)
def test_precedence_and_layout(text: str, same: str) -> None:
    assert expression(text) == expression(same)


@pytest.mark.parametrize(
    ("text", "tree_"),
    [
        ("a -> f -> g", "Chain([a, f, g])"),
        ("a or b or c", "Logical(or, [a, b, c])"),
        ("a < b <= c in d", "Comparison(a, [[<, b], [<=, c], [in, d]])"),
        ("x.shape[0]", "Subscript(Attribute(x, shape), [0])"),
        (
            "x[:, ::2, 1:n, ...]",
            "Subscript(x, [Slice(None, None, None), Slice(None, None, 2), Slice(1, n, None), Ellipsis_()])",
        ),
        ("u.block(1, k=w)", "Call(Attribute(u, block), [Argument(None, 1), Argument(k, w)])"),
        ("()", "Sequence(tuple, [])"),
        ("(a,)", "Sequence(tuple, [a])"),
        ("(a, b)", "Sequence(tuple, [a, b])"),
        ("(f(w) for w in ws)", "Loop(chain, Call(f, [Argument(None, w)]), [w], ws, None)"),
        ("[a for k, n in s if k > n]", "Loop(list, a, [k, n], s, Comparison(k, [[>, n]]))"),
        ("{f}", "Fork([f])"),
    ],
)
def test_trees(text: str, tree_: str) -> None:
    assert expression(text) == tree_


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10_000", 10_000),
        ("1e-5", 1e-5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1_0.5E+2", 1050.0),
        ("0", 0),
        (r"'\'\n\\'", "'\n\\"),
        ("'#'", "#"),
    ],
)
def test_literals(text: str, value: object) -> None:
    literal = parse_stage(whole(text))
    assert isinstance(literal, tree.Literal)
    assert (type(literal.value), literal.value) == (type(value), value)


def test_body() -> None:
    body = parse_body(whole("\nh, c[N, _, ...] = x -> f\ny[] = h\n\n  -> g # two\ny\n-> k"))
    assert [shape(binding) for binding in body.bindings] == [
        "Binding([Target(h, None), Target(c, [N, _, Ellipsis_()])], Chain([x, f]))",
        "Binding([Target(y, [])], Chain([h, g]))",
    ]
    assert shape(body.result) == "Chain([y, k])"
    assert parse_body(whole("y = 1")).result is None


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("x -> f(a, b=1)", "Header(f, [Target(x, None)], [Parameter(a, None), Parameter(b, 1)], False)"),
        ("(q, kv) -> f(h,)", "Header(f, [Target(q, None), Target(kv, None)], [Parameter(h, None)], False)"),
        ("x[N, H, _, 3] -> se", "Header(se, [Target(x, [N, H, _, 3])], [], False)"),
        ("round_filters(f)", "Header(round_filters, [], [Parameter(f, None)], True)"),
    ],
)
def test_header(text: str, header: str) -> None:
    assert shape(parse_header(whole(text))) == header


def test_type() -> None:
    assert shape(parse_type(whole("f32[N, 2 * k, 3]"))) == "TypeExpr(f32, [N, Binary(*, 2, k), 3])"
    assert shape(parse_type(whole("bool[]"))) == "TypeExpr(bool, [])"


# ---------------------------------------------------------------- bounds


def test_long_texts() -> None:
    chain = parse_body(whole("x" + "\n  -> dense(64, activation=relu)" * 3_000)).result
    assert isinstance(chain, tree.Chain)
    assert len(chain.stages) == 3_001
    assert len(parse_body(whole("\n".join(f"y{i} = y{i - 1} -> f" for i in range(3_000)))).bindings) == 3_000
    total = parse_expression(whole("+".join("x" * 3_000)))
    assert isinstance(total, tree.Binary)
    assert len(list(operands(total))) == 3_000


NESTINGS: list[Callable[[int], str]] = [
    lambda depth: "(" * depth + "x" + ")" * depth,
    lambda depth: "[" * (depth - 1) + "x" + "]" * (depth - 1),
    lambda depth: "-" * (depth - 1) + "x",
    lambda depth: "not " * (depth - 1) + "x",
    lambda depth: "x" + "()" * (depth - 1),
    lambda depth: "x" + ".a" * (depth - 1),
    lambda depth: "**".join("x" * depth),
    lambda depth: "x if c else " * (depth - 1) + "x",
]


@pytest.mark.parametrize("nested", NESTINGS)
def test_nesting_is_bounded(nested: Callable[[int], str]) -> None:
    parse_expression(whole(nested(200)))
    for depth in (201, 1_000):
        with pytest.raises(SpecError) as caught:
            parse_expression(whole(nested(depth)))
        assert [found.code for found in caught.value.diagnostics] == ["too-deep"]


# ---------------------------------------------------------------- laws


def texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Longer expressions made of shorter ones, with line breaks where a line goes on."""
    two, some = st.tuples(inner, inner), st.lists(inner, min_size=1, max_size=3).map(", ".join)
    operators = st.sampled_from("-> + - * / // % ** @ == <= in and or".split())
    return st.one_of(
        st.builds("{} {} {}".format, inner, operators, inner),
        st.builds("{}\n  {} {}".format, inner, operators, inner),
        st.builds("({})".format, some),
        st.builds("[{},\n]".format, some),
        st.builds("{{{}}}".format, some),
        st.builds("f({}, k={})".format, some, inner),
        two.map(lambda pair: f"({pair[0]}).a[{pair[1]}, :]"),
        two.map(lambda pair: f"({pair[0]} for a, b in [{pair[1]}])"),
        st.builds("{} if {} else {}".format, inner, st.just("c"), inner),
        st.builds("({} ({}))".format, st.sampled_from(["-", "not", "shared"]), inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(["x", "dense(64)", "3", "1e-5", "'s'", "true"]), texts, max_leaves=12)


def nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple) and not isinstance(value, Span):
        for item in value:
            yield from nodes(item)
    elif hasattr(value, "__record_fields__") and not isinstance(value, Span):
        yield value
        yield from nodes(tuple(getattr(value, name) for name in fields(value)))


@given(EXPRESSIONS)
def test_every_place_holds_its_node(text: str) -> None:
    for node in nodes(parse_expression(whole(text))):
        if isinstance(node, tree.Argument):
            call = parse_expression(whole(f"f({node.span.text})"))
            assert isinstance(call, tree.Call)
            assert shape(call.arguments[0]) == shape(node)
        elif not isinstance(node, tree.Slice | tree.Ellipsis_):
            assert expression(f"({node.span.text})") == shape(node)


@given(EXPRESSIONS)
def test_places_are_those_of_the_file(text: str) -> None:
    fragment = block_scalar(text)
    roots = [parse_body(whole(text)), parse_body(fragment)]
    for plain, moved in zip(*(list(nodes(root)) for root in roots), strict=True):
        expected = fragment.span(plain.span.start, plain.span.end)
        assert (moved.span.start, moved.span.end) == (expected.start, expected.end)
