"""Owns `LayerScale`: a learnt factor for each channel."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class LayerScale(layers.Layer):
    """Multiplies each entry of `axis` by a learnt factor, at first `init_values`.

    It stands at the end of a residual branch, which so begins near the identity
    (Touvron et al. 2021, arXiv:2103.17239).
    """

    def __init__(
        self,
        init_values=1e-5,
        axis=-1,
        gamma_regularizer=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.init_values = init_values
        self.axis = axis
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma",
            shape=(input_shape[self.axis],),
            initializer=keras.initializers.Constant(self.init_values),
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )

    def call(self, x):
        shape = [1] * len(x.shape)
        shape[self.axis] = -1
        return x * ops.reshape(self.gamma, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            "init_values": self.init_values,
            "axis": self.axis,
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }
        return {**super().get_config(), **config}
