"""The engines that compile and run a program: TensorFlow and JAX."""
