"""Cuts a network into stages, so that what does not change from step to step is computed once."""

import keras
from keras import tree

from retarget_tf.networks.trained import Known


def cut(network: keras.Model, known: Known) -> list[keras.Model | None]:
    """Cuts a functional network by the order in which its inputs become known.

    Args:
        network: Takes a dict of inputs; none of its operations is used twice.
        known: The names of the inputs that each stage adds to those before.

    Returns:
        A model for each stage, or None where it computes nothing. It takes a dict of those inputs and of those tensors
        of earlier stages that it needs, and returns a dict of the tensors that later stages need; the last one returns
        the network's outputs.
    """
    stage_of = {id(network.input[name]): stage for stage, names in enumerate(known) for name in names}
    handed_on: list[dict[str, keras.KerasTensor]] = [{} for _ in known]  # to each stage, by the one before it
    for operation in network.operations:  # in the order in which they can run
        if isinstance(operation, keras.layers.InputLayer):
            continue
        needed = tree.flatten(operation.input)
        stage = max(stage_of[id(tensor)] for tensor in needed)
        stage_of.update((id(tensor), stage) for tensor in tree.flatten(operation.output))
        for tensor in needed:
            for later in range(stage_of[id(tensor)] + 1, stage + 1):
                handed_on[later][tensor.name] = tensor
    models = []
    for stage, given in enumerate(handed_on):
        inputs = {**given, **{name: network.input[name] for name in known[stage]}}
        if stage == len(known) - 1:
            wanted = network.output
        else:
            wanted = {name: tensor for name, tensor in handed_on[stage + 1].items() if name not in inputs}
        models.append(keras.Model(inputs, wanted) if wanted else None)
    return models
