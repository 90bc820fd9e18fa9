"""seq2seq_luong: Translation by stacked LSTMs with attention over the source, scored in
three ways; what was attended is fed on.

Luong, Pham and Manning 2015, arXiv:1508.04025 (global attention with input feeding)
Written by Netwright 0.1.0 from seq2seq_luong.yaml; depends on Keras alone.
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


def encode(x, states, hidden):
    y, h, c = layers.LSTM(hidden, return_sequences=True, return_state=True)(x)
    return y, ops.concatenate([states, h[:, None], c[:, None]], axis=1)


def decode(x, states, hidden):
    y, h, c = keras.tree.flatten(
        layers.LSTMCell(hidden)(x, states=[states[:, 0], states[:, 1]])
    )
    return y, ops.concatenate([states[:, 2:], h[:, None], c[:, None]], axis=1)


def projected(x, hidden):
    return layers.Dense(hidden, use_bias=False)(x)


def attend(x, memory, keys, hidden, score):
    query = x if score == "dot" else projected(x, hidden=hidden)
    if score == "concat":
        return layers.AdditiveAttention()([query, memory, keys])
    else:
        return layers.Attention()([query, memory])


def step(y, fed, states, memory, keys, hidden, depth, score):
    top = layers.Concatenate()([y, fed])
    x = decode(top, states, hidden=hidden)
    for _ in range(depth - 1):
        x = decode(*x, hidden=hidden)
    top, new = x
    context = attend(top[:, None], memory, keys, hidden=hidden, score=score)
    out = layers.Concatenate()([context[:, 0], top])
    out = layers.Dense(hidden, activation="tanh", use_bias=False)(out)
    return out, new, memory, keys


def build_model(words=50_000, hidden=1000, depth=4, score="general", S=50):
    """Build the model; with these defaults it has 221,082,000 parameters.

    source: i32[N, 50], target: i32[N, T] -> output: f32[N, T, 50000]
    """
    source = keras.Input((S,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    y = layers.Embedding(words, hidden)(ops.flip(source, axis=1))
    x, h, c = layers.LSTM(hidden, return_sequences=True, return_state=True)(y)
    memory = x
    states = ops.stack([h, c], axis=1)
    for _ in range(depth - 1):
        memory, states = encode(memory, states, hidden=hidden)
    keys = projected(memory, hidden=hidden) if score == "concat" else memory
    y = layers.Embedding(words, hidden)(target)
    state = ops.zeros_like(h)
    cell_y = keras.Input(y.shape[2:])
    cell_fed = keras.Input(state.shape[1:])
    cell_states = keras.Input(states.shape[1:])
    cell_memory = keras.Input(memory.shape[1:])
    cell_keys = keras.Input(keys.shape[1:])
    cell = RecurrentCell(
        keras.Model(
            [cell_y, cell_fed, cell_states, cell_memory, cell_keys],
            step(
                cell_y,
                cell_fed,
                cell_states,
                cell_memory,
                cell_keys,
                hidden=hidden,
                depth=depth,
                score=score,
            ),
        ),
    )
    y = Recurrent(cell, return_sequences=True)(
        y, initial_state=[state, states, memory, keys]
    )
    y = layers.Dense(words, activation="softmax")(y)
    return keras.Model({"source": source, "target": target}, y, name="seq2seq_luong")
