"""The engines that compile programs: TensorFlow and JAX behind one interface."""
