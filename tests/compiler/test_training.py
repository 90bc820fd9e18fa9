"""What the `train` section comes to, and which targets a loss takes. No framework, no data."""

from __future__ import annotations

from typing import Any

import pytest

import netwright
from netwright.compiler.ops.configuration import Configuration, configurations
from netwright.compiler.training.plan import Plan
from netwright.compiler.training.targets import TargetFault, check_target
from netwright.compiler.types import TensorType

HEAD = """netwright: 1
inputs: {x: "f32[N, 4]"}
model: |
  x -> dense(3, activation=softmax)
train:
  data: iris
"""


def model_of(train: str, head: str = HEAD) -> netwright.Model:
    return netwright.compile(head + "".join(f"  {line}\n" for line in train.strip().splitlines()))


def plan_of(train: str, head: str = HEAD) -> Plan:
    model = model_of(train, head)
    assert [str(each.message) for each in model.diagnostics] == []
    assert model.plan is not None
    return model.plan


def fault_of(train: str, head: str = HEAD) -> tuple[str, str]:
    """(code, the text that is underlined) of the only diagnostic."""
    (found,) = model_of(train, head).diagnostics
    assert found.span is not None
    return found.code, found.span.text


# ---------------------------------------------------------------- plans


def test_a_plan_takes_keras_defaults() -> None:
    plan = plan_of("loss: mse")
    assert (plan.batch_size, plan.epochs, plan.seed, plan.jit) == (32, 1, 0, True)
    assert plan.optimizer.name_in_flow == "rmsprop"  # as keras.Model.compile()
    assert plan.data is not None
    assert (plan.data.kind, plan.data.name, plan.data.shuffle) == ("builtin", "iris", True)


def test_objects_are_configured_as_written() -> None:
    plan = plan_of("""
loss: sparse_categorical_crossentropy(from_logits=true)
optimizer: adam(cosine_decay(1e-3, 10_000), beta_1=0.8)
metrics: [sparse_categorical_accuracy, sparse_top_k_categorical_accuracy(k=2)]
callbacks: [early_stopping(monitor="loss", patience=3)]
""")
    assert values(plan.losses["output"]) == {"from_logits": True}
    assert values(plan.optimizer)["beta_1"] == 0.8
    assert values(values(plan.optimizer)["learning_rate"]) == {"initial_learning_rate": 1e-3, "decay_steps": 10_000}
    assert [values(metric) for metric in plan.metrics["output"]] == [{}, {"k": 2}]
    assert values(plan.callbacks[0]) == {"monitor": "loss", "patience": 3}


def values(configuration: Configuration) -> dict[str, Any]:
    return configuration.given()


def test_numbers_may_be_expressions_of_params() -> None:
    head = HEAD.replace("inputs:", "params: {n: 8}\ninputs:")
    assert plan_of('loss: mse\nbatch_size: "= 4 * n"', head).batch_size == 32


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        ("sparse_categorical_crossentropy", "sparse_categorical_accuracy"),
        ("categorical_crossentropy", "categorical_accuracy"),
        ("binary_crossentropy", "binary_accuracy"),
        ("mse", "accuracy"),
    ],
)
def test_accuracy_is_that_of_the_loss(loss: str, metric: str) -> None:
    plan = plan_of(f"loss: {loss}\nmetrics: [accuracy]")
    assert plan.metrics["output"][0].name_in_flow == metric


TWO_OUTPUTS = """netwright: 1
inputs: {x: "f32[N, 4]"}
model: |
  kind = x -> dense(3)
  size = x -> dense(1)
outputs: [kind, size]
train:
  data: {npz: a.npz, inputs: {x: v}, targets: {kind: k, size: s}, split: {validation: 0.1, test: 0.2}, shuffle: false}
"""


def test_losses_and_metrics_by_output() -> None:
    plan = plan_of("loss: {kind: sparse_categorical_crossentropy, size: mse}\nmetrics: {size: [mae]}", TWO_OUTPUTS)
    assert {name: loss.name_in_flow for name, loss in plan.losses.items()} == {
        "kind": "sparse_categorical_crossentropy",
        "size": "mean_squared_error",
    }
    assert list(plan.metrics) == ["size"]


def test_metrics_in_a_list_are_of_the_outputs_that_are_trained() -> None:
    assert list(plan_of("loss: {size: mse}\nmetrics: [mae]", TWO_OUTPUTS).metrics) == ["size"]


def test_data_settings() -> None:
    data = plan_of("loss: mse", TWO_OUTPUTS).data
    assert data is not None
    assert (data.kind, data.name) == ("npz", "a.npz")
    assert data.inputs == {"x": ("v",)}
    assert data.targets == {"kind": ("k",), "size": ("s",)}
    assert (data.validation, data.test, data.shuffle) == (0.1, 0.2, False)


@pytest.mark.parametrize(
    ("train", "fault"),
    [
        ("loss: sparse_categorical_crossentropi", ("unknown-name", "sparse_categorical_crossentropi")),
        ("loss: mse(from_logits=true)", ("unknown-argument", "from_logits=true")),
        ("loss: mse\noptimizer: mse", ("invalid-argument", "mse")),
        ("loss: {outptu: mse}", ("unknown-name", "outptu")),
        ("loss: mse\nepochs: '= 0'", ("invalid-argument", "0")),
        ("loss: mse\nmetrics: {kind: [mae]}", ("unknown-name", "kind")),
        ("loss: mse\ncallbacks: [early_stopping(patience=-1)]", ("invalid-argument", "-1")),
        ("loss: mse\noptimizer: adam(cosine_decay(1e-3))", ("missing-argument", "cosine_decay(1e-3)")),
    ],
)
def test_what_is_wrong_in_a_plan_is_shown_where_it_is(train: str, fault: tuple[str, str]) -> None:
    assert fault_of(train) == fault


def test_a_split_must_leave_something() -> None:
    head = HEAD.replace("data: iris", "data: {builtin: iris, split: {validation: 0.5, test: 0.5}}")
    assert fault_of("loss: mse", head) == ("invalid-argument", "{validation: 0.5, test: 0.5}")


def test_the_general_form_is_refused_for_now() -> None:
    steps = "steps:\n  one: {minimize: 'x -> dense(1) -> mean', update: [G], optimizer: adam}"
    assert fault_of(steps) == ("not-supported", "steps")


# ---------------------------------------------------------------- targets


def type_of(text: str) -> TensorType:
    """`f32[N, 3]` as a type; the symbols are inputs' of a spec."""
    return netwright.compile(f'netwright: 1\ninputs: {{x: "{text}"}}\nmodel: x').elaborated.inputs["x"].type


def loss(name: str) -> Configuration:
    return configurations("losses")[name]({})


@pytest.mark.parametrize(
    ("name", "target", "prediction"),
    [
        ("sparse_categorical_crossentropy", "i32[N]", "f32[N, 10]"),
        ("sparse_categorical_crossentropy", "i32[N, 1]", "f32[N, 10]"),
        ("sparse_categorical_crossentropy", "i32[N, 7]", "f32[N, T, 10]"),
        ("categorical_crossentropy", "f32[N, 10]", "f32[N, 10]"),
        ("binary_crossentropy", "i32[N]", "f32[N, 1]"),
        ("mean_squared_error", "f32[N, 1]", "f32[N]"),
        ("mean_squared_error", "f32[N, 8, 8, 3]", "f32[N, H, W, 3]"),
        ("circle", "i32[N]", "f32[N, 16]"),
        ("ctc", "i32[N, 5]", "f32[N, 20, 30]"),
    ],
)
def test_a_target_that_the_loss_takes(name: str, target: str, prediction: str) -> None:
    check_target(loss(name), type_of(target), type_of(prediction))


@pytest.mark.parametrize(
    ("name", "target", "prediction", "help"),
    [
        ("sparse_categorical_crossentropy", "f32[N, 10]", "f32[N, 10]", "use categorical_crossentropy"),
        ("sparse_categorical_crossentropy", "i32[N, 3]", "f32[N, 10]", "one number from 0 to 10 - 1"),
        ("categorical_crossentropy", "i32[N]", "f32[N, 10]", "use sparse_categorical_crossentropy"),
        ("binary_crossentropy", "i32[N, 2]", "f32[N, 1]", ""),
        ("mean_squared_error", "f32[N, 3]", "f32[N, 4]", ""),
        ("circle", "i32[N, 2]", "f32[N, 16]", ""),
        ("ctc", "i32[N]", "f32[N, 20, 30]", ""),
    ],
)
def test_a_target_that_the_loss_does_not_take(name: str, target: str, prediction: str, help: str) -> None:
    with pytest.raises(TargetFault) as fault:
        check_target(loss(name), type_of(target), type_of(prediction))
    assert target in fault.value.message
    assert prediction in fault.value.message
    assert help in (fault.value.help or "")
