"""word2vec: Vectors of words by yes-or-no questions on what stands beside them; the net
is two matrices and a dot product.

Mikolov et al. 2013, arXiv:1301.3781 (CBOW, skip-gram, hierarchical softmax) and
arXiv:1310.4546 (negative sampling); sizes of word2vec's demo-word.sh on text8, and
of the 3 million vectors of GoogleNews
Written by Netwright 0.1.0 from word2vec.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def build_model(vocabulary=71_291, width=200, words=16, questions=26, tree=False):
    """Build the model; with these defaults it has 28,516,400 parameters.

    around: i32[N, 16], asked: i32[N, 26] -> output: f32[N, 26]
    """
    around = keras.Input((words,), dtype="int32", name="around")
    asked = keras.Input((questions,), dtype="int32", name="asked")
    word = layers.Embedding(vocabulary, width)(around)
    word = ops.mean(word, axis=1)
    answers = layers.Embedding(
        vocabulary - 1 if tree else vocabulary,
        width,
        embeddings_initializer="zeros",
    )(asked)
    x = layers.Dot(axes=(2, 1))([answers, word])
    return keras.Model(
        {"around": around, "asked": asked},
        keras.activations.sigmoid(x),
        name="word2vec",
    )
