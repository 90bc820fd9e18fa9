"""recurrent_cells: Recurrent layers by their cell, stacked and read in both directions;
8 features, 5 units.

Elman 1990; LSTM Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
1999; GRU Cho et al. 2014, arXiv:1406.1078, in Keras with two biases (reset_after);
peepholes Gers and Schmidhuber 2000; coupled gates Greff et al. 2015,
arXiv:1503.04069; bidirectional Schuster and Paliwal 1997
Written by Netwright 0.1.0 from recurrent_cells.yaml; depends on Keras alone.
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


@keras.saving.register_keras_serializable("netwright")
class Weight(layers.Layer):
    """An array of the model's own, trained like a kernel.

    It depends on no input. Keras computes at once what depends on none, so this takes
    a tensor of the model, and ignores it.
    """

    def __init__(
        self,
        shape,
        initializer="glorot_uniform",
        regularizer=None,
        constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.array = self.add_weight(
            name="weight",
            shape=self.shape,
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )
        self.built = True

    def call(self, x=None):
        return ops.convert_to_tensor(self.array.value)

    def compute_output_spec(self, x=None):
        return keras.KerasTensor(self.shape, self.compute_dtype)

    def get_config(self):
        config = {
            "shape": self.shape,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }
        return {**super().get_config(), **config}


def peephole_lstm(x, h, c, units):
    y = layers.Concatenate()([x, h])
    y = layers.Dense(4 * units)(y)
    i, f, g, o = ops.split(y, 4, axis=-1)
    p = Weight((3, units))(x)
    x = keras.activations.sigmoid(i + p[0] * c)
    y = keras.activations.tanh(g)
    new = keras.activations.sigmoid(f + p[1] * c) * c + x * y
    x = keras.activations.sigmoid(o + p[2] * new)
    y = keras.activations.tanh(new)
    return x * y, new


def coupled_lstm(x, h, c, units):
    y = layers.Concatenate()([x, h])
    y = layers.Dense(3 * units)(y)
    f, g, o = ops.split(y, 3, axis=-1)
    keep = keras.activations.sigmoid(f)
    new = keep * c + (1 - keep) * keras.activations.tanh(g)
    return keras.activations.sigmoid(o) * keras.activations.tanh(new), new


def recurrence(x, cell, units):
    if cell == "simple_rnn":
        return layers.SimpleRNN(units, return_sequences=True)(x)
    if cell == "gru":
        return layers.GRU(units, return_sequences=True)(x)
    if cell == "gru_as_published":
        return layers.GRU(units, return_sequences=True, reset_after=False)(x)
    if cell == "peephole_lstm":
        cell_1_x = keras.Input(x.shape[2:])
        cell_1_h = keras.Input((units,))
        cell_1_c = keras.Input((units,))
        cell_1 = RecurrentCell(
            keras.Model(
                [cell_1_x, cell_1_h, cell_1_c],
                peephole_lstm(cell_1_x, cell_1_h, cell_1_c, units),
            ),
        )
        return Recurrent(cell_1, return_sequences=True)(x)
    if cell == "coupled_lstm":
        cell_1_x = keras.Input(x.shape[2:])
        cell_1_h = keras.Input((units,))
        cell_1_c = keras.Input((units,))
        cell_1 = RecurrentCell(
            keras.Model(
                [cell_1_x, cell_1_h, cell_1_c],
                coupled_lstm(cell_1_x, cell_1_h, cell_1_c, units),
            ),
        )
        return Recurrent(cell_1, return_sequences=True)(x)
    if cell == "bidirectional_lstm":
        return layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    else:
        return layers.LSTM(units, return_sequences=True)(x)


def build_model(cell="lstm", features=8, units=5, depth=1):
    """Build the model; with these defaults it has 280 parameters.

    x: f32[N, T, 8] -> output: f32[N, T, 5]
    """
    x = keras.Input((None, features), name="x")
    y = x
    for _ in range(depth):
        y = recurrence(y, cell=cell, units=units)
    return keras.Model(x, y, name="recurrent_cells")
