"""Owns what operators are that Keras lacks: `WrittenLayer`. Knows where the Keras layer of one is found, and none of
them."""

from __future__ import annotations

from netwright.compiler.ops.op import Layer


class WrittenLayer(Layer, abstract=True):
    """A layer that Keras lacks. A Keras layer of the class's name stands in `backends/keras/layers/`, in the file of
    the flow name: direct execution calls it, and `emit` writes its source into the module."""

    @classmethod
    def _register(cls) -> None:
        cls.keras = f"written.{cls.__name__}"
        super()._register()
