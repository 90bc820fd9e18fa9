"""rnn_transducer: Which phoneme follows at each frame after those written so far; three
BiLSTMs listen, an LSTM predicts.

Graves, Mohamed and Hinton 2013, arXiv:1303.5778, section 3.2 and table 1,
Trans-3l-250h (4.3M weights); the loss is that of Graves 2012, arXiv:1211.3711
Written by Netwright 0.1.0 from rnn_transducer.yaml; depends on Keras alone.
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


def forward(frame, before):
    blank = frame[:, 0]
    upto = frame[:, 1]
    ways = upto[:, :, None] + (before - upto)[:, None]
    x = ops.where(ops.cast(ops.tril(ops.ones_like(ways)), "bool"), ways, -1e9)
    return blank + ops.logsumexp(x, axis=-1)


def build_model(features=123, hidden=250, depth=3, labels=62, U=64):
    """Build the model; with these defaults it has 4,330,062 parameters.

    frames: f32[N, T, 123], written: i32[N, 64] -> output: f32[N, T, 64, 62], cost:
    f32[N]
    """
    frames = keras.Input((None, features), name="frames")
    written = keras.Input((U,), dtype="int32", name="written")
    heard = frames
    for _ in range(depth):
        heard = layers.Bidirectional(layers.LSTM(hidden, return_sequences=True))(heard)
    heard = layers.Dense(hidden)(heard)
    predicted = layers.LSTM(hidden, return_sequences=True)(
        ops.one_hot(written - 1, labels - 1)
    )
    x = layers.Dense(hidden)(heard)
    y = layers.Dense(hidden, use_bias=False)(predicted)
    joint = x[:, :, None] + y[:, None]
    output = layers.Dense(
        labels,
        activation="log_softmax",
    )(keras.activations.tanh(joint))
    x = ops.one_hot(written[:, 1:], labels)[:, None]
    chosen = ops.sum(output[:, :, :-1] * x, axis=-1)
    upto = ops.pad(ops.cumsum(chosen, axis=-1), ((0, 0), (0, 0), (1, 0)))
    start = ops.pad(upto[:, 0, :1], ((0, 0), (0, U - 1)), constant_values=-1e9)
    x = ops.stack([output[..., 0], upto], axis=2)
    cell_frame = keras.Input(x.shape[2:])
    cell_before = keras.Input(start.shape[1:])
    cell = RecurrentCell(
        keras.Model([cell_frame, cell_before], forward(cell_frame, cell_before))
    )
    x = Recurrent(cell)(x, initial_state=start)
    cost = -x[:, -1]
    return keras.Model(
        {"frames": frames, "written": written},
        {"output": output, "cost": cost},
        name="rnn_transducer",
    )
