"""cells

Written by Netwright 0.1.0 from cells.yaml; depends on Keras alone.
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


def elman(x, h, units):
    y = layers.Concatenate()([x, h])
    return layers.Dense(units, activation="tanh")(y)


def leaky(x, h, inner):
    y = inner(x)
    return keras.activations.tanh(y + h / 2)


def residual(x, h):
    D = x.shape[-1]
    y = layers.Dense(D)(h)
    return x + y


def with_output(x, h, c, n, bias=True):
    y, next_, kept = keras.tree.flatten(
        layers.LSTMCell(2 * n, use_bias=bias)(x, states=[h, c])
    )
    x = layers.Dense(n)(y)
    return x, next_, kept


def twice(x, n, last=False):
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input((n,))
    cell = RecurrentCell(keras.Model([cell_x, cell_h], elman(cell_x, cell_h, n)))
    y, h = Recurrent(cell, return_sequences=True, return_state=True)(x)
    if last:
        cell_x = keras.Input(y.shape[2:])
        cell_h = keras.Input(h.shape[1:])
        cell = RecurrentCell(keras.Model([cell_x, cell_h], elman(cell_x, cell_h, n)))
        return Recurrent(cell)(y, initial_state=h)
    cell_x = keras.Input(y.shape[2:])
    cell_h = keras.Input((y.shape[-1],))
    cell = RecurrentCell(keras.Model([cell_x, cell_h], residual(cell_x, cell_h)))
    return Recurrent(cell, go_backwards=True)(y)


def leaking(x, n, width, inner):
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input((width,))
    cell = RecurrentCell(
        keras.Model([cell_x, cell_h], leaky(cell_x, cell_h, inner=inner))
    )
    x = Recurrent(cell, return_sequences=True)(x)
    return layers.Dense(n)(x)


def run(x, f):
    state = x[:, 0]
    cell_x = keras.Input(x.shape[2:])
    cell_state_1 = keras.Input(state.shape[1:])
    cell = RecurrentCell(keras.Model([cell_x, cell_state_1], f(cell_x, cell_state_1)))
    return Recurrent(cell, return_sequences=True)(x, initial_state=[state])


def ended(x, h, f, n):
    y = layers.Concatenate()([x, h])
    y = layers.Dense(n)(y)
    return keras.tree.flatten(f(y))


def build_model(units=4, width=3):
    """Build the model; with these defaults it has 1,121 parameters.

    x: f32[N, T, 3], ids: i32[N, T] -> a: f32[N, 2], b: f32[N, 2], c: f32[N, 4], d:
    f32[N, T, 5], e: f32[N, T, 4], f: f32[N, 3], g: f32[N, 3], h: f32[N, 2], i:
    f32[N, T, 4], j: f32[N, 4], k: f32[N, 4]
    """
    x = keras.Input((None, width), name="x")
    ids = keras.Input((None,), dtype="int32", name="ids")
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input((width,))
    cell = RecurrentCell(keras.Model([cell_x, cell_h], elman(cell_x, cell_h, width)))
    every = Recurrent(cell, return_sequences=True)
    cell_x = keras.Input((4,))
    cell_h = keras.Input((4,))
    cell = RecurrentCell(keras.Model([cell_x, cell_h], residual(cell_x, cell_h)))
    last = Recurrent(cell)
    inner = layers.Dense(width)
    cell_x = keras.Input((3,))
    cell_h = keras.Input((3,))
    cell = keras.Model([cell_x, cell_h], elman(cell_x, cell_h, 3), name="cell")
    a = twice(x, units)
    a = layers.Dense(2)(a)
    b = twice(x, 6, last=True)
    b = layers.Dense(2)(b)
    c = every(x)
    c = every(c)
    c = layers.Dense(4)(c)
    c = last(c)
    d = x
    for _ in range(2):
        cell_1_x = keras.Input(d.shape[2:])
        cell_1_h = keras.Input((5,))
        cell_1 = RecurrentCell(
            keras.Model([cell_1_x, cell_1_h], elman(cell_1_x, cell_1_h, 5))
        )
        d = Recurrent(cell_1, return_sequences=True)(d)
    d = run(d, lambda *tensors: layers.Maximum()(tensors))

    def layer(*tensors):
        x = layers.Concatenate()(tensors)
        return layers.Dense(5)(x)

    d = run(d, layer)
    cell_1_x = keras.Input(x.shape[2:])
    cell_1_h = keras.Input((x.shape[-1],))
    cell_1 = RecurrentCell(
        keras.Model([cell_1_x, cell_1_h], residual(cell_1_x, cell_1_h))
    )
    e = Recurrent(cell_1, return_sequences=True)(x)
    e = leaking(e, units, width=width, inner=inner)
    f = layers.Embedding(9, 3, mask_zero=True)(ids)
    cell_1_x = keras.Input(f.shape[2:])
    cell_1_h = keras.Input((4,))
    cell_1 = RecurrentCell(
        keras.Model([cell_1_x, cell_1_h], elman(cell_1_x, cell_1_h, 4))
    )
    f = Recurrent(cell_1, return_sequences=True)(f)
    f = layers.LSTM(3)(f)
    y = keras.Input(x.shape[1:])
    cell_1_x = keras.Input(y.shape[2:])
    cell_1_h = keras.Input((width,))
    cell_1 = RecurrentCell(
        keras.Model([cell_1_x, cell_1_h], elman(cell_1_x, cell_1_h, width))
    )
    z = Recurrent(cell_1, return_sequences=True)(y)
    both = keras.Model(y, layers.Dense(width)(z), name="both")
    g = both(x)
    g = both(g)
    g = layers.Dense(3)(g)
    cell_1_x = keras.Input(g.shape[2:])
    cell_1_state_1 = keras.Input((3,))
    cell_1 = RecurrentCell(
        keras.Model([cell_1_x, cell_1_state_1], cell([cell_1_x, cell_1_state_1]))
    )
    g = Recurrent(cell_1, go_backwards=True)(g)
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input((2 * 2,))
    cell_c = keras.Input((2 * 2,))
    cell = RecurrentCell(
        keras.Model([cell_x, cell_h, cell_c], with_output(cell_x, cell_h, cell_c, 2))
    )
    h, _, _ = Recurrent(cell, return_state=True)(x)
    i = x
    for n in (2, units):
        cell_x = keras.Input(i.shape[2:])
        cell_h = keras.Input((n,))
        cell = RecurrentCell(keras.Model([cell_x, cell_h], elman(cell_x, cell_h, n)))
        i = Recurrent(cell, return_sequences=True)(i)
    seen = layers.Dense(units)(x[:, 0])
    mask = ops.greater(seen, 0)
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input(seen.shape[1:])
    cell_mask = keras.Input(batch_shape=mask.shape, dtype=mask.dtype)
    cell = RecurrentCell(
        keras.Model(
            [cell_x, cell_h, cell_mask],
            ended(cell_x, cell_h, lambda x: layers.Softmax()(x, mask=cell_mask), units),
        ),
        constants=1,
    )
    j = Recurrent(cell, return_sequences=True)(x, initial_state=seen, constants=[mask])
    y = layers.Dense(units)(seen)
    cell_x = keras.Input(j.shape[2:])
    cell_h = keras.Input((units,))
    cell_states = keras.Input(batch_shape=y.shape, dtype=y.dtype)
    cell = RecurrentCell(
        keras.Model(
            [cell_x, cell_h, cell_states],
            ended(
                cell_x,
                cell_h,
                lambda x: layers.GRUCell(units)(x, states=cell_states),
                units,
            ),
        ),
        constants=1,
    )
    j = Recurrent(cell)(j, constants=[y])
    state = ops.zeros_like(seen)
    cell_x = keras.Input(x.shape[2:])
    cell_h = keras.Input(state.shape[1:])
    cell = RecurrentCell(keras.Model([cell_x, cell_h], elman(cell_x, cell_h, units)))
    k = Recurrent(cell)(x, initial_state=state)
    return keras.Model(
        {"x": x, "ids": ids},
        {
            "a": a,
            "b": b,
            "c": c,
            "d": d,
            "e": e,
            "f": f,
            "g": g,
            "h": h,
            "i": i,
            "j": j,
            "k": k,
        },
        name="cells",
    )
