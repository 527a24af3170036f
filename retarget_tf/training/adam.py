"""Adam in one pass over the weights."""

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor


class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam with the same variables, computed by TensorFlow's kernel for it.

    Keras's own step passes over each weight and its moments about ten times, which is a quarter of a training step of
    the paper's network at batch size 1 on a processor. The two differ by rounding alone.
    """

    def update_step(self, gradient: Tensor, variable: tf.Variable, learning_rate: Tensor) -> None:
        """Updates one variable and its moments."""
        index, dtype = self._get_variable_index(variable), variable.dtype
        beta_1, beta_2 = tf.cast(self.beta_1, dtype), tf.cast(self.beta_2, dtype)
        step = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )
