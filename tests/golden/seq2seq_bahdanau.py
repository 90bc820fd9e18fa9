"""seq2seq_bahdanau: RNNsearch, translation by a decoder that searches the source for
each word, by additive attention.

Bahdanau, Cho and Bengio 2014, arXiv:1409.0473, appendix A, RNNsearch-50
Written by Netwright 0.1.0 from seq2seq_bahdanau.yaml; depends on Keras alone.
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
class Maxout(layers.Layer):
    """Takes the largest of each group of neighbours along `axis`.

    The axis is cut into `units` groups of equal size. Behind a dense layer or a
    convolution of k * units filters, these are maxout units of k pieces (Goodfellow
    et al. 2013, arXiv:1302.4389).
    """

    def __init__(self, units, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.axis = axis

    def call(self, x):
        axis = self.axis % len(x.shape)
        shape = ops.shape(x)
        pieces = shape[axis] // self.units
        groups = (*shape[:axis], self.units, pieces, *shape[axis + 1 :])
        return ops.max(ops.reshape(x, groups), axis=axis + 1)

    def compute_output_shape(self, input_shape):
        axis = self.axis % len(input_shape)
        return (*input_shape[:axis], self.units, *input_shape[axis + 1 :])

    def get_config(self):
        return {**super().get_config(), "units": self.units, "axis": self.axis}


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


def search(y, s, memory, keys, hidden):
    x = layers.Dense(hidden, use_bias=False)(s)
    energy = layers.Dense(1, use_bias=False)(keras.activations.tanh(x[:, None] + keys))
    x = layers.Softmax(axis=1)(energy)
    context = ops.einsum("nsi,nsd->nd", x, memory)
    x = layers.Concatenate()([y, context])
    _, new = keras.tree.flatten(layers.GRUCell(hidden, reset_after=False)(x, states=s))
    x = layers.Concatenate()([s, y, context])
    return x, new, memory, keys


def build_model(words=30_000, width=620, hidden=1000, readout=500, S=50):
    """Build the model; with these defaults it has 80,443,000 parameters.

    source: i32[N, 50], target: i32[N, T] -> output: f32[N, T, 30000]
    """
    source = keras.Input((S,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    memory = layers.Embedding(words, width)(source)
    memory = layers.Bidirectional(
        layers.GRU(hidden, reset_after=False, return_sequences=True),
    )(memory)
    first = layers.Dense(hidden, activation="tanh")(memory[:, 0, hidden:])
    found = layers.Embedding(words, width)(target)
    x = layers.Dense(hidden)(memory)
    cell_y = keras.Input(found.shape[2:])
    cell_s = keras.Input(first.shape[1:])
    cell_memory = keras.Input(memory.shape[1:])
    cell_keys = keras.Input(x.shape[1:])
    cell = RecurrentCell(
        keras.Model(
            [cell_y, cell_s, cell_memory, cell_keys],
            search(cell_y, cell_s, cell_memory, cell_keys, hidden=hidden),
        ),
    )
    found = Recurrent(cell, return_sequences=True)(
        found, initial_state=[first, memory, x]
    )
    y = layers.Dense(2 * readout)(found)
    y = Maxout(readout)(y)
    y = layers.Dense(words, activation="softmax")(y)
    return keras.Model({"source": source, "target": target}, y, name="seq2seq_bahdanau")
