"""What a user's input can be refused with: one sentence that names the file, the place, the reason and the mend."""


class InputDataError(ValueError):
    """Input data (a video, image, clip folder, record, model file) cannot be used. Programs exit with 3.

    The message is one line: ``<what> <file> <where>: <why>. <what to do>``.
    """


class ConfigError(ValueError):
    """A setting is out of range or two settings contradict each other. Programs exit with 2.

    The message is one line: ``<what must hold>. Received: name=value``.
    """


class MissingDependencyError(RuntimeError):
    """An optional package or a model file is not installed; the message says the command that installs it."""


class TrainingError(RuntimeError):
    """Training cannot go on though its input was fine (a loss is not finite). Programs exit with 1."""


class StoppedError(RuntimeError):
    """A signal asked a long job to stop; its state was saved first. Programs exit with 1."""
