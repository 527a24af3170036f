"""The learner class of each preset."""

from retarget_tf.training.learner import Learner
from retarget_tf.training.retarget_gan import RetargetGAN
from retarget_tf.training.stream_trainer import StreamTrainer

LEARNERS: dict[str, type[Learner]] = {"paper": RetargetGAN, "stable": StreamTrainer}
