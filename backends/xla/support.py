"""Owns what XLA does not compile: operators that the catalogue knows not to run, or not to train, on an engine are
refused at their place before anything is compiled."""

from __future__ import annotations

from netwright.backends.xla.sites import Site
from netwright.compiler.ops.op import Op, operators_in
from netwright.dsl.diagnostics import Diagnostic, SpecError

ENGINES = ("tensorflow", "jax")
#: what Keras gives to JAX's attention, which multiplies f16 in a way that the CPU does not have
_ATTENTION = frozenset({"layers.MultiHeadAttention", "layers.GroupQueryAttention", "ops.nn.dot_product_attention"})


def check_compiled(sites: tuple[Site, ...], engine: str, *, training: bool) -> None:
    """Raise SpecError for operators that do not run on the engine, or with `training` not in training."""
    found = [_fault(site, op, engine, training) for site in sites for op in operators_in(site.node.op)]
    faults = [fault for fault in found if fault is not None]
    if faults:
        raise SpecError(faults)


def _fault(site: Site, op: Op, engine: str, training: bool) -> Diagnostic | None:
    untrained = op.untrained_on(*site.node.operand_types()) if op is site.node.op else op.not_trained_on
    refused = {*op.not_run_on, *(untrained if training else ())}
    if engine not in refused:
        return None
    doing = "run" if engine in op.not_run_on else "train"
    others = [name for name in ENGINES if name not in refused]
    help = f"use `--engine {others[0]}`" if others else "the Keras code of `netwright emit` has it"
    message = f"XLA cannot {doing} {op.name_in_flow} on {engine}"
    return Diagnostic("not-supported", message, site.node.span, help=help)


def check_precision(sites: tuple[Site, ...], engine: str, device: str, precision: str) -> None:
    """Raise SpecError for operators that do not compute in that precision there."""
    if (engine, device, precision) != ("jax", "cpu", "f16"):
        return
    found = [site for site in sites if any(op.keras in _ATTENTION for op in operators_in(site.node.op))]
    if found:
        help = "`precision: bf16`, or `--engine tensorflow`"
        raise SpecError([_no_f16(site, help) for site in found])


def _no_f16(site: Site, help: str) -> Diagnostic:
    message = f"JAX has no {site.node.op.name_in_flow} in f16 on the CPU"
    return Diagnostic("not-supported", message, site.node.span, help=help)
