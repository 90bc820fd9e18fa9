"""symbolic: Activations whose functions in keras.activations take no tensors of a model
that is being built.

Written by Netwright 0.1.0 from symbolic.yaml; depends on Keras alone.
"""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class RecurrentCell(layers.Layer):
    """A model of (step, state, ...) that gives (output, new state, ...).

    It may give the new states alone, the first of which is then the output. Where the
    output of the step before is given, too, it stands before the states. The last of
    the model's inputs, as many as `constants`, are the same at every step: `Recurrent`
    says which tensors they are.
    """

    def __init__(self, model, constants=0, **kwargs):
        super().__init__(**kwargs)
        self.model = model
        self.constants = constants
        self.held = ()
        states = model.inputs[1 : len(model.inputs) - constants]
        self.state_shapes = [tuple(state.shape[1:]) for state in states]
        self.step_shape = tuple(model.outputs[0].shape[1:])
        self.state_size = [math.prod(shape) for shape in self.state_shapes]

    def call(self, inputs, states):
        count = len(self.state_size)
        operands = [inputs, *states[-count:], *self.held]
        made = keras.tree.flatten(self.model(operands))
        shapes = [self.step_shape, *self.state_shapes]
        carried = [
            ops.reshape(ops.cast(tensor, self.compute_dtype), (-1, *shape))
            for tensor, shape in zip([made[0], *made[-count:]], shapes, strict=True)
        ]
        return carried[0], carried[-len(states) :]

    def get_initial_state(self, batch_size=None):
        return [
            ops.zeros((batch_size, *shape), self.compute_dtype)
            for shape in self.state_shapes
        ]

    def get_config(self):
        model = keras.saving.serialize_keras_object(self.model)
        config = {"model": model, "constants": self.constants}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        model = keras.saving.deserialize_keras_object(config.pop("model"))
        return cls(model, **config)


@keras.saving.register_keras_serializable("netwright")
class Recurrent(layers.RNN):
    """Keras's RNN of a `RecurrentCell`, whose output and states may have any shape.

    A masked step gives what the one before it gave, the first one zeros. `constants`
    are tensors that the cell takes at every step. The mask that came with the sequences
    is `sequences_mask` where Keras is given other tensors, too.
    """

    def call(
        self,
        sequences,
        initial_state=None,
        mask=None,
        training=False,
        constants=(),
        sequences_mask=None,
    ):
        self.cell.held = tuple(constants)
        mask = sequences_mask if mask is None else mask
        outputs = super().call(sequences, initial_state, mask, training)
        self.cell.held = ()
        return outputs

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if mask is None:
            return super().inner_loop(sequences, initial_state, mask, training)
        # On JAX, Keras takes the first state for the output of the step before.
        shape = (ops.shape(sequences)[0], *self.cell.step_shape)
        states = [ops.zeros(shape, self.compute_dtype), *initial_state]
        last, outputs, states = super().inner_loop(sequences, states, mask, training)
        return last, outputs, states[1:]

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[:2]
        axes = (batch, steps) if self.return_sequences else (batch,)
        output = (*axes, *self.cell.step_shape)
        states = [(batch, *shape) for shape in self.cell.state_shapes]
        return (output, *states) if self.return_state else output


def f(x, g):
    x = layers.Dense(8)(x)
    return g(x)


def cell(x, h):
    y = layers.Add()([x, h])
    y = layers.Dense(8)(y)
    y = layers.Activation("mish")(y)
    return ops.hard_silu(y)


def build_model():
    """Build the model; with these defaults it has 364 parameters.

    x: f32[N, 5, 8] -> output: f32[N, 8]
    """
    x = keras.Input((5, 8), name="x")
    y = layers.Activation("mish")(ops.hard_silu(x))
    y = f(ops.sparsemax(ops.sparsemax(y), axis=1), ops.hard_silu)
    y = f(y, layers.Activation("mish"))
    y = f(y, lambda x: ops.sparsemax(x, axis=1))
    y = layers.Dense(4, activation="hard_silu")(y)
    y = layers.Dense(8, activation="mish")(y)
    cell_1_x = keras.Input(y.shape[2:])
    cell_1_h = keras.Input((8,))
    cell_1 = RecurrentCell(keras.Model([cell_1_x, cell_1_h], cell(cell_1_x, cell_1_h)))
    y = Recurrent(cell_1)(y)
    return keras.Model(x, y, name="symbolic")
