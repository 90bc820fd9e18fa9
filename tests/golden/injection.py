"""injection: \"\"\"; import os; os.system("true") #
\\\"\"\" \\N{DIGIT ONE} {{ 7 * 7 }} {% raw %}

\u202e\u2066

'''\"\"\" \\
Written by Netwright 0.1.0 from injection.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def build_model(text="a\"b'c\\d\ne{{ x }}\u202e😀", quoted='say "hi"'):
    """Build the model; with these defaults it has 57 parameters.

    x: f32[N, 4] -> output: f32[N, 1]
    """
    x = keras.Input((4,), name="x")
    if text == '\\"\n' or quoted == 'say "hi"':
        y = layers.Dense(4, name="it's")(x)
        y = layers.Dense(4, name='"q"')(y)
    else:
        y = x
    z = layers.Flatten()(ops.einsum("bi,bj->bij", y, y))
    z = layers.Dense(1)(z)
    return keras.Model(x, z, name="injection")
