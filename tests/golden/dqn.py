"""dqn: Deep Q-network, which values every action of an Atari game by the last four
frames.

Mnih et al. 2015, Human-level control through deep reinforcement learning
(google-deepmind/dqn, convnet_atari3.lua)
Written by Netwright 0.1.0 from dqn.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(actions=4, width=32, hidden=512, size=84):
    """Build the model; with these defaults it has 1,686,180 parameters.

    frames: f32[N, 84, 84, 4] -> output: f32[N, 4]
    """
    frames = keras.Input((size, size, 4), name="frames")
    x = layers.Rescaling(1 / 255)(frames)
    x = layers.Conv2D(width, 8, 4, activation="relu")(x)
    x = layers.Conv2D(2 * width, 4, 2, activation="relu")(x)
    x = layers.Conv2D(2 * width, 3, activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    x = layers.Dense(actions)(x)
    return keras.Model(frames, x, name="dqn")
