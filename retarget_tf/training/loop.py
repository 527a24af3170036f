"""Trains a preset on records, writes everything into a workdir, and resumes from the workdir's last checkpoint.

On several machines (`strategies`) all of them run `train`; the workdir is read and written by the chief alone:

    config.json       settings, and hashes of the records
    environment.json  versions of the packages, and the hardware
    checkpoints/      the last two checkpoints
    history.csv       losses and images/s
    samples/          pictures of generated maps
    tensorboard/      history and samples for TensorBoard
    generator.keras   the trained generator
    generator.json    its description
"""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Sequence

import keras
import tensorflow as tf
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array
from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError, InputDataError, StoppedError
from retarget_tf.networks import generator, trained
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.training import callbacks, checkpoints, precision, run_settings, strategies
from retarget_tf.training.cluster import Cluster
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.fitting import Fitting
from retarget_tf.training.learner import Learner
from retarget_tf.training.learners import LEARNERS
from retarget_tf.training.run_settings import SETTINGS, WRITTEN, write_settings

PathLike = files.PathLike


def train(
    records_folders: PathLike | Sequence[PathLike],
    workdir: PathLike,
    model_config: ModelConfig,
    training_config: TrainingConfig,
    *,
    init_from: PathLike | None = None,
    show_progress: bool = False,
) -> int:
    """Trains, or resumes training, up to the step or the time set in `training_config`.

    Args:
        records_folders: Folders made by `retarget-build-records` with the model's picture size and label schema.
            Several folders get equal shares of every batch; `person_height_share` of the generator is taken from the
            first.
        workdir: Folder for the results. If it holds a checkpoint, the training resumes from there.
        model_config: Settings of the networks.
        training_config: Settings of the training.
        init_from: Trained generator with the same model settings, whose weights are the initial ones. Ignored when the
            training resumes.
        show_progress: Draws Keras's progress bar.

    Returns:
        The step reached.

    Raises:
        InputDataError: The records do not fit the model, are damaged or differ from those of the workdir's first run,
            no checkpoint can be read, or `init_from` has other model settings.
        ConfigError: Settings that may not change (`run_settings`) differ from those of the workdir's first run, the
            outputs would replace the records, `init_from`, or files that no training wrote, another process is training
            in the workdir, or the replicas cannot be had (`strategies.form`).
        StoppedError: A signal stopped the training; checkpoint and generator were saved.
        TrainingError: A loss or a weight became NaN or infinite, a checkpoint cannot be written, or another machine of
            the training is gone.
    """
    files.refuse_address(workdir)
    folder, folders = pathlib.Path(workdir), _as_list(records_folders)
    files.refuse_replacing(folder, *folders, whole=False)
    manifests = [records.Manifest.load(path) for path in folders]
    for manifest in manifests:
        manifest.check_fit(model_config.image_size, model_config.label_schema)
    group = strategies.form(training_config)  # before any operation of TensorFlow
    initial = None
    if init_from is not None and group.is_chief and not checkpoints.are_in(folder):
        files.refuse_replacing(folder / trained.KERAS_NAME, trained.find_keras_file(init_from))
        initial = _initial_weights(init_from, model_config)
    # + 1 because tf.data's shuffle fails with a global seed of 0 when its own seed is a tensor, as it is here.
    keras.utils.set_random_seed(training_config.seed + 1)
    with contextlib.ExitStack() as held:
        held.enter_context(group.losing_nobody())
        if group.is_chief:
            files.check_added(folder, WRITTEN, SETTINGS)
            held.enter_context(files.exclusive(folder / checkpoints.FOLDER))
            for place in (folder, folder / "samples"):
                files.sweep(place)
        policy = _precision(training_config, folder, group)
        training_config = dataclasses.replace(training_config, mixed_precision=policy)
        keras.config.set_dtype_policy(policy)
        try:
            with group.strategy.scope():
                learner = build_learner(model_config, training_config)  # first, as it may refuse the settings
            state, store = callbacks.TrainingState.create(), None
            if group.is_chief:
                write_settings(folder, folders, model_config, training_config)
                store = checkpoints.CheckpointStore(folder, learner, state)
                if store.restore():
                    logging.info("resuming at step %d", state.steps_done)
                elif initial is not None:
                    learner.begin_with(initial)
            group.share([*learner.state_variables(), state.step, state.seconds])
            state.ask_for(training_config.learning_rate)
            if store is not None and training_config.on_nan == "rollback" and not checkpoints.are_in(folder):
                store.save(state.steps_done)  # to go back to
            fitting = Fitting(
                learner, training_config, state, group, store, folder, folders[0], show_progress=show_progress
            )
            with callbacks.stopping_on_signal(state), records.locating_damage(folders):
                fitting.run(lambda start: training_dataset(folders, training_config, start, group.cluster))
            spec = GeneratorSpec(model_config, manifests[0].person_height_share, state.steps_done)
        finally:
            keras.config.set_dtype_policy("float32")
        checkpoints.check_weights(learner, state.steps_done)
        if group.is_chief:
            generator.save_generator(learner.generator_to_save(), spec, folder)
        group.agree(0, 0)  # nobody leaves before the chief has saved
    if state.stopped_by_signal:
        told = f"stopped by a signal at step {state.steps_done}; run the same command again to resume."
        raise StoppedError(state.stopped_by_signal, told)
    return state.steps_done


def _precision(config: TrainingConfig, folder: pathlib.Path, group: strategies.Group) -> precision.Policy:
    """Returns the precision policy, which is the chief's on all machines."""
    began = run_settings.began_with(folder, "mixed_precision") if group.is_chief else None
    policy = precision.choose(config.mixed_precision, began if began in precision.POLICIES else precision.AUTO)
    policy = precision.POLICIES[group.of_chief(precision.POLICIES.index(policy))]
    if policy != "float32":
        logging.info("layers compute in %s", policy)
    return policy


def build_learner(model_config: ModelConfig, training_config: TrainingConfig) -> Learner:
    """Builds the preset's networks and optimizers, ready to be trained or restored from a checkpoint."""
    learner = LEARNERS[training_config.preset](model_config, training_config)
    learner.compile()
    return learner


def _initial_weights(init_from: PathLike, config: ModelConfig) -> list[Float32Array]:
    """Reads the weights of a trained generator; raises InputDataError if its model settings differ."""
    network, spec = generator.load_keras_generator(init_from)
    if spec.model != config:
        differing = [f"{name}={value}" for name, value in (spec.model.to_dict().items() - config.to_dict().items())]
        raise InputDataError(
            f"model {init_from}: is of another shape than the one to train ({', '.join(differing)}). "
            "Give the same flags, or begin without --init_from."
        )
    return network.get_weights()


def training_dataset(
    records_folders: PathLike | Sequence[PathLike],
    config: TrainingConfig,
    start_batch: int = 0,
    cluster: Cluster = Cluster(),  # noqa: B008
) -> tf.data.Dataset:
    """Returns endless batches of the training split for the preset's learner, or a machine's equal share of them.

    The same seed and `start_batch` give the same batches. Several folders get equal shares of every batch; if the
    batch size is not divisible, the first folders get one sample more. Several machines share the files of each folder.

    Raises:
        ConfigError: There are more folders than samples in a machine's share of a batch.
        InputDataError: The records are missing or damaged, or a folder has fewer files than there are machines.
    """
    folders, size = _as_list(records_folders), config.batch_size // cluster.workers
    if len(folders) > size:
        raise ConfigError(f"batch_size must be at least {len(folders)}, one for each records folder. Received: {size=}")
    datasets = []
    for index, folder in enumerate(folders):
        share = size // len(folders) + (index < size % len(folders))
        seed = config.seed + index + cluster.index * len(folders)
        settings = dataclasses.replace(config, batch_size=share, seed=seed)
        part = (cluster.index, cluster.workers)
        datasets.append(LEARNERS[config.preset].batches(folder, settings, start_batch, part))
    if len(datasets) == 1:
        return datasets[0]
    return tf.data.Dataset.zip(tuple(datasets)).map(
        lambda *batches: {name: tf.concat([batch[name] for batch in batches], axis=0) for name in batches[0]}
    )


def _as_list(records_folders: PathLike | Sequence[PathLike]) -> list[files.Place]:
    if isinstance(records_folders, str | os.PathLike):
        return [files.place(records_folders)]
    return [files.place(folder) for folder in records_folders]
