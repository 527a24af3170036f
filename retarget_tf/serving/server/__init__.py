"""Serves SavedModels over gRPC, for development and tests where TensorFlow Serving is not available.

    model_server  starts and stops the server
    services      answers PredictionService and ModelService
    validation    converts requests to arrays, and checks them completely before anything runs
    batching      runs requests of several clients as one batch
    versions      watches the folder of versions: loads the newest, then unloads the previous one
    errors        the exception that refuses a request

It uses TensorFlow Serving's protos and behaves as that server documents: the version with the largest number is served,
a new version is loaded before the old one is unloaded, and a full queue answers UNAVAILABLE. It is stricter in four
places: pictures of too many pixels, too many frames, numbers that are not finite and too large a batch are refused with
INVALID_ARGUMENT before they reach the graph. It has no version labels, MultiInference, Classify, Regress or REST.
"""

from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server.errors import RefusedError
from retarget_tf.serving.server.model_server import ModelServer

__all__ = ["ModelServer", "RefusedError", "ServerOptions"]
