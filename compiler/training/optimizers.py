"""Owns Keras's optimizers as values, with their papers. What they compute is Keras's."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.ops.attributes import TYPES, at_least_two, attr, between, not_negative, positive
from netwright.compiler.ops.configuration import Configuration, ConfigurationType
from netwright.compiler.ops.op import OpError
from netwright.compiler.training.schedules import Schedule


class AnyOptimizer(Configuration, kind="optimizers"):
    """What moves weights along gradients."""


class Optimizer(AnyOptimizer, kind="optimizers"):
    """An optimizer; schedules stand in place of the learning rate."""

    weight_decay: float | None = attr(not_negative, default=None, keyword_only=True)
    clipnorm: float | None = attr(positive, default=None, keyword_only=True)
    clipvalue: float | None = attr(positive, default=None, keyword_only=True)
    global_clipnorm: float | None = attr(positive, default=None, keyword_only=True)
    use_ema: bool = attr(default=False, keyword_only=True)
    ema_momentum: float = attr(between(0, 1), default=0.99, keyword_only=True)
    ema_overwrite_frequency: int | None = attr(positive, default=None, keyword_only=True)
    loss_scale_factor: float | None = attr(positive, default=None, keyword_only=True)
    gradient_accumulation_steps: int | None = attr(at_least_two, default=None, keyword_only=True)
    name: str | None = attr(default=None, keyword_only=True)

    def validate(self) -> None:
        given = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(given) > 1:
            message = f"gradients are clipped in one way, found {' and '.join(given)}"
            raise OpError("invalid-argument", message, at=given[1], help="keep one of them")


class Adadelta(Optimizer):
    """Zeiler 2012, arXiv:1212.5701."""

    learning_rate: float | Schedule = 0.001
    rho: float = 0.95
    epsilon: float = 1e-07


class Adafactor(Optimizer):
    """Shazeer and Stern 2018, arXiv:1804.04235."""

    learning_rate: float | Schedule = 0.001
    beta_2_decay: float = -0.8
    epsilon_1: float = 1e-30
    epsilon_2: float = 0.001
    clip_threshold: float = 1.0
    relative_step: bool = True


class Adagrad(Optimizer):
    """Duchi, Hazan and Singer 2011."""

    learning_rate: float | Schedule = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-07


class Adam(Optimizer):
    """Kingma and Ba 2014, arXiv:1412.6980."""

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-07
    amsgrad: bool = False


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101)."""

    name_in_flow = "adam_w"
    aliases = ("adamw",)
    learning_rate: float | Schedule = 0.001
    weight_decay: float | None = attr(not_negative, default=0.004)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-07
    amsgrad: bool = False


class Adamax(Optimizer):
    """Adam with the infinity norm (Kingma and Ba 2014, section 7)."""

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-07


class Ftrl(Optimizer):
    """Follow the regularised leader (McMahan et al. 2013)."""

    learning_rate: float | Schedule = 0.001
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0


class Lamb(Optimizer):
    """You et al. 2019, arXiv:1904.00962."""

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-07


class Lion(Optimizer):
    """Chen et al. 2023, arXiv:2302.06675."""

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.99


def _unscaled(value: AnyOptimizer) -> str | None:
    return "an optimizer that scales no losses" if isinstance(value, LossScaleOptimizer) else None


class LossScaleOptimizer(AnyOptimizer):
    """Another optimizer on the loss times a scale, which halves after gradients that are not finite and doubles after
    `dynamic_growth_steps` that are (Micikevicius et al. 2017, arXiv:1710.03740)."""

    inner_optimizer: Optimizer = attr(_unscaled)
    initial_scale: float = attr(positive, default=32768.0)
    dynamic_growth_steps: int = attr(positive, default=2000)
    name: str | None = None

    @property
    def learning_rate(self) -> float | Schedule:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate  # type: ignore[attr-defined, no-any-return]


class Muon(Optimizer):
    """Orthogonalised momentum (Jordan et al. 2024)."""

    excluded: ClassVar[dict[str, str]] = {"exclude_layers": "patterns over paths that Keras gives to weights"}
    learning_rate: float | Schedule = 0.001
    adam_beta_1: float = 0.9
    adam_beta_2: float = 0.999
    adam_weight_decay: float = 0.004
    epsilon: float = 1e-07
    weight_decay: float | None = attr(not_negative, default=0.004)
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.775
    muon_c: float = 2.0315
    adam_lr_ratio: float = 1
    momentum: float = 0.95
    ns_steps: int = 5
    nesterov: bool = True
    rms_rate: float = 0.2


class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat 2016)."""

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-07


class RMSprop(Optimizer):
    """Hinton 2012, lecture 6e."""

    name_in_flow = "rmsprop"
    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-07
    centered: bool = False


class SGD(Optimizer):
    """Gradient descent with (Nesterov) momentum."""

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False


class ScheduleFreeAdamW(Optimizer):
    """Defazio et al. 2024, arXiv:2405.15682."""

    name_in_flow = "schedule_free_adam_w"
    aliases = ("schedule_free_adamw",)
    learning_rate: float | Schedule = 0.0025
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-08
    warmup_steps: int = 0


TYPES["Optimizer"] = ConfigurationType("optimizers", "an optimizer such as adam(1e-3)")
