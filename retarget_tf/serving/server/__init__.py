"""A server for SavedModels over gRPC, for development and tests, where TensorFlow Serving is not at hand.

    model_server  the server from start to stop
    services      answers PredictionService and ModelService
    validation    turns a request into arrays, and checks everything before anything runs
    batching      runs requests of several clients as one
    versions      watches the folder of versions: loads the newest, then drops the one before
    errors        what a request is refused with

It speaks TensorFlow Serving's own protos, and follows what that server documents: the newest integer folder is served,
a new one is loaded before the old one goes, a queue that is full answers UNAVAILABLE. It is stricter in four places:
pictures of too many pixels, too many frames, numbers that are not finite and a batch that is too large are refused with
INVALID_ARGUMENT before they reach the graph. Version labels, MultiInference, Classify, Regress and REST are not here.
"""

from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server.errors import RefusedError
from retarget_tf.serving.server.model_server import ModelServer

__all__ = ["ModelServer", "RefusedError", "ServerOptions"]
