"""A trained generator as a SavedModel that TensorFlow Serving and plain TensorFlow run.

    contract          the signatures: names, shapes, types, and the checks of what comes in
    served_generator  the graph behind them
    warmup            one request a signature, which a server replays when it loads the model
    model_card        the page that goes with a version
    exporting         the folder of one version

Every signature has the same inputs and outputs whatever the preset, and keeps them as long as the first number of
`CONTRACT_VERSION` stays. The first axis of all that goes in or comes out is the batch, from 1 on and the same in all.

    serving_default         one map of one picture
        image_bytes            string  [batch]                 encoded JPEG or PNG, each of any size up to 8192 px
        keypoints              float32 [batch, 25, 3]          the pose wanted, in pixels of that picture
        reference_keypoints    float32 [batch, 25, 3]          the pose in that picture; all confidences 0: unknown
     -> parsing_map            uint8   [batch, size, size]     class ids
        parsing_map_png_bytes  string  [batch]                 the same, as gray PNG

    retarget_clip           a whole dance in one call, however long
        image_bytes, reference_keypoints                       as above
        reference_map          uint8   [batch, height, width]  the picture's map of class ids; all 255: unknown
        keypoints              float32 [batch, frames, 25, 3]  the poses wanted, from 1 frame on
     -> parsing_map_png_bytes  string  [batch, frames]

    retarget_clip_raw       the same inputs
     -> parsing_map            uint8   [batch, frames, size, size]

    step                    the next frame of a stream; nothing is kept, any replica can take it
        image_bytes, reference_keypoints, reference_map        as in retarget_clip, the same at every step
        previous_map           uint8   [batch, size, size]     the `parsing_map` of the step before; all 255: none
        keypoints              float32 [batch, 25, 3]          the pose wanted
     -> parsing_map, parsing_map_png_bytes                     as in serving_default

    metadata                what the maps mean
        request                int32   [batch]                 any number
     -> label_names            string  [batch, classes]        the position is the class id
        palette                uint8   [batch, classes, 3]     RGB
        joints                 string  [batch, 25]             of the keypoints
        limbs                  int32   [batch, limbs, 2]       pairs of joints
        image_size             int32   [batch]                 side of the maps in pixels
        person_height_share    float32 [batch]                 of the canvas that a person takes
        label_schema, preset, contract_version  string [batch]
        training_step          int32   [batch]

Each picture is cut or padded to the canvas of `pose_transform.person_square`, and the maps lie on that canvas; the
graph moves keypoints and map with it. A picture is taken as it is stored: a client turns it upright before (EXIF). A
`reference_map` covers its picture, pixel by pixel; what of it lies beyond the picture is not looked at, so that maps
of pictures of several sizes fit one batch. Pixels of 255 are unknown. A missing joint has confidence 0. The `paper`
preset takes a `reference_map` and does not look at it: it parses the photo itself.

`retarget_clip` is the rollout of `rollout.Rollout`, and so is `step` called again and again: the three agree.

The attribute `generator` is the network alone, from its named float inputs to its named outputs;
`generator.load_generator` finds it. The graph holds nothing but TensorFlow's own operations: a server needs neither
Keras nor this package.
"""

from retarget_tf.serving.contract import (
    CONTRACT_VERSION,
    METADATA,
    RETARGET_CLIP,
    RETARGET_CLIP_RAW,
    SERVING_DEFAULT,
    STEP,
    metadata,
    signature_inputs,
)
from retarget_tf.serving.exporting import CARD_NAME, FILES, export_saved_model, versions
from retarget_tf.serving.served_generator import ServedGenerator
from retarget_tf.serving.warmup import WARMUP_PATH, read_warmup, replay_warmup, warmup_requests

__all__ = [
    "CARD_NAME",
    "CONTRACT_VERSION",
    "FILES",
    "METADATA",
    "RETARGET_CLIP",
    "RETARGET_CLIP_RAW",
    "SERVING_DEFAULT",
    "STEP",
    "WARMUP_PATH",
    "ServedGenerator",
    "export_saved_model",
    "metadata",
    "read_warmup",
    "replay_warmup",
    "signature_inputs",
    "versions",
    "warmup_requests",
]
