"""Owns the training script that `emit --train` adds to a module: how examples are read, what is compiled, the command
line. Follows the plan of the spec; the template holds what is the same in every script."""

from __future__ import annotations

from netwright.backends.keras.configured import configured
from netwright.backends.keras.layout import lay_out
from netwright.backends.keras.literals import constant, string
from netwright.backends.keras.statements import Assign, Expression, Function, Return, Statement
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Member, Pairs, Subscript
from netwright.backends.keras.templating import render
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.training.plan import DataSource, Plan
from netwright.compiler.training.precision import POLICIES

#: built-in sets: the arrays that an input and a target take if the spec does not say
_BUILTIN = {"digits": ("image", "label"), "mnist_5k": ("image", "label"), "iris": ("x", "label")}
_LABELLED = ("image", "label")
_ARRAYS = Atom("arrays")


#: the modules that the script of each kind of source names, beside `keras` and those of every script
MODULES = {"csv": frozenset({"csv"}), "images": frozenset({"pathlib"})}


def modules_needed(plan: Plan) -> frozenset[str]:
    """What the script imports."""
    return frozenset({"argparse", "np"}) | MODULES.get(plan.data.kind if plan.data else "npz", frozenset())


def training_script(plan: Plan, inputs: list[str], outputs: list[str]) -> str:
    """The functions of the script, from reading the examples to `main`. `inputs` and `outputs` are the model's."""
    source = plan.data
    trained = [name for name in outputs if name in plan.losses]
    script = render(
        "training.py.j2",
        kind=source.kind if source else "npz",
        builtin=source.name if source and source.kind == "builtin" else None,
        data=lay_out([Assign(("DATA",), Atom(string(source.name) if source else "None"))]),
        options=[lay_out([Assign((name.upper(),), constant(value))]) for name, value in _options(source).items()],
        given=lay_out([_given(source, inputs, trained)]),
        compiled=lay_out([_compiled(plan, outputs)]),
        callbacks=lay_out(
            [Function("callbacks", [], [Return((_list(plan.callbacks),))], "What is done between epochs.")]
        ),
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        seed=plan.seed,
        validation=source.validation if source else 0.0,
        test=source.test if source else 0.0,
        shuffle=source.shuffle if source else True,
        policy=None if plan.precision == "f32" else POLICIES[plan.precision],
    )
    return script.rstrip("\n")


def _options(source: DataSource | None) -> dict[str, object]:
    """How a file of the source's kind is read: constants of the script."""
    if source is None:
        return {}
    if source.kind == "csv":
        return {"delimiter": source.options.get("delimiter", ","), "columns": source.options.get("columns")}
    if source.kind == "images":
        size = source.options.get("image_size")
        return {"image_size": size, "color_mode": source.options.get("color_mode", "rgb")}
    return {}


# ---------------------------------------------------------------- what goes where


def _given(source: DataSource | None, inputs: list[str], outputs: list[str]) -> Function:
    """The arrays as the model takes them: one, or by name where there are several."""
    features, labels = _positions(source)
    taken = source.inputs if source else {}
    wanted = source.targets if source else {}
    if len(outputs) == 1 and len(wanted) == 1:  # one target may have any name
        wanted = {outputs[0]: next(iter(wanted.values()))}
    codes = (_choice(inputs, taken, features), _choice(outputs, wanted, labels))
    return Function("given", [("arrays", None)], [Return(codes)], "The inputs and the targets among the arrays.")


def _positions(source: DataSource | None) -> tuple[str | None, str | None]:
    """The arrays for an input and a target that stand alone and are not named."""
    if source is None or source.kind in ("npz", "csv"):
        return (None, None)
    return _LABELLED if source.kind == "images" else _BUILTIN[source.name]


def _choice(names: list[str], given: dict[str, tuple[str, ...]], alone: str | None) -> Code:
    def array(name: str) -> Code:
        columns = given.get(name, (alone if alone and len(names) == 1 else name,))
        found = [Subscript(_ARRAYS, (Atom(string(column)),)) for column in columns]
        if len(found) == 1:
            return found[0]
        return Call(Atom("np.stack"), (Display("list", tuple(found)),), (("axis", Atom("-1")),))

    return array(names[0]) if len(names) == 1 else Pairs(tuple((string(name), array(name)) for name in names))


# ---------------------------------------------------------------- what is compiled


def _compiled(plan: Plan, outputs: list[str]) -> Function:
    losses = {name: configured(loss) for name, loss in plan.losses.items()}
    metrics = {name: _list(items) for name, items in plan.metrics.items() if items}
    keywords: list[tuple[str, Code]] = [
        ("optimizer", configured(plan.optimizer)),
        ("loss", _by_output(losses, outputs)),
    ]
    if metrics:
        keywords.append(("metrics", _by_output(metrics, outputs)))
    body: list[Statement] = [Expression(Call(Member(Atom("model"), "compile"), (), tuple(keywords)))]
    return Function("compile_model", [("model", None)], body, "Say how the model is trained.")


def _callbacks(plan: Plan) -> Function:
    return Function("callbacks", [], [Return((_list(plan.callbacks),))], "What is done between epochs.")


def _by_output(codes: dict[str, Code] | dict[str, Call], outputs: list[str]) -> Code:
    """The only output's, or each by name."""
    return (
        next(iter(codes.values()))
        if len(outputs) == 1
        else Pairs(tuple((string(name), code) for name, code in codes.items()))
    )


def _list(items: tuple[Configuration, ...]) -> Code:
    return Display("list", tuple(map(configured, items)))
