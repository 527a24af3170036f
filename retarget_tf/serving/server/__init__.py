"""A server on the spot for SavedModels, over gRPC: for development and tests, where TensorFlow Serving is not at hand.

    options     limits and settings
    errors      what a request is refused with
    versions    the folder of versions: loads the newest, then drops the one before
    validation  requests into tensors, each checked before anything runs
    batching    requests of several clients run as one
    services    PredictionService, ModelService and grpc.health.v1
    serving     all of it, from start to stop

It speaks TensorFlow Serving's own protos, and follows what that server documents: the newest integer folder is served,
a new one is loaded before the old one goes, a queue that is full answers UNAVAILABLE. It is stricter in four places:
pictures of too many pixels, too many frames, numbers that are not finite and a batch that is too large are refused with
INVALID_ARGUMENT before they reach the graph. Version labels, MultiInference, Classify, Regress and REST are not here.
"""

from retarget_tf.serving.server.errors import RefusedError
from retarget_tf.serving.server.options import ServerOptions
from retarget_tf.serving.server.serving import ModelServer

__all__ = ["ModelServer", "RefusedError", "ServerOptions"]
