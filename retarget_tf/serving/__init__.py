"""A trained generator as a SavedModel for TensorFlow Serving and plain TensorFlow, a server for it and a client.

    contract       the signatures: names, shapes, types, version, and the check with which every one of them begins
    graph          the TensorFlow graph behind the signatures
    exporting      writes the folder of one version: graph, warm-up requests, labels, model card
    warmup         one request for each signature, which a server answers before it says that the model is there
    model_card     the page that goes with a version
    checking       compares a SavedModel with the trained generator that it was exported from
    stranger       a script that calls every signature where this package cannot be imported
    onnx_export    the network alone as an ONNX file
    options        settings of client and server; imports no TensorFlow
    client         retargets through a server, over gRPC
    server/        a server for development and tests

This module itself imports nothing.

# The contract

Every signature has the same inputs and outputs whatever the preset. `contract.CONTRACT_VERSION` counts their changes:
the second number grows when a signature is added, the first when an input or output changes or goes. The first axis of
all that goes in or comes out is the batch, from 1 on and the same for all of a request.

    serving_default         one map of one photo
        image_bytes            string  [batch]                 encoded JPEG or PNG, each of any size up to 8192 px
        keypoints              float32 [batch, 25, 3]          the pose wanted, in pixels of that photo
        reference_keypoints    float32 [batch, 25, 3]          the pose in that photo; all confidences 0: unknown
     -> parsing_map            uint8   [batch, size, size]     class ids
        parsing_map_png_bytes  string  [batch]                 the same, as gray PNG

    retarget_clip           a whole dance in one call, however long
        image_bytes, reference_keypoints                       as above
        reference_map          uint8   [batch, height, width]  the photo's map of class ids; all 255: unknown
        keypoints              float32 [batch, frames, 25, 3]  the poses wanted, from 1 frame on
     -> parsing_map_png_bytes  string  [batch, frames]

    retarget_clip_raw       the same inputs
     -> parsing_map            uint8   [batch, frames, size, size]

    step                    the next frame of a stream; nothing is kept, any replica can take it
        image_bytes, reference_keypoints, reference_map        as in retarget_clip, the same at every step
        previous_map           uint8   [batch, size, size]     the `parsing_map` of the step before; all 255: none
        keypoints              float32 [batch, 25, 3]          the pose wanted
     -> parsing_map, parsing_map_png_bytes                     as in serving_default

    retarget_clip_on_canvas, step_on_canvas                    since contract 1.1
        as retarget_clip and step, for clients that cut the photo themselves: all coordinates are pixels of the canvas,
        and nothing is cut, scaled or moved. In place of image_bytes and of a reference_map of any size they take
        canvas_bytes           string  [batch]                 encoded JPEG or PNG of size x size px
        reference_map          uint8   [batch, size, size]     the canvas's map of class ids; all 255: unknown

    metadata                what the maps mean
        request                int32   [batch]                 any number
     -> label_names            string  [batch, classes]        the position is the class id
        palette                uint8   [batch, classes, 3]     RGB
        joints                 string  [batch, 25]             of the keypoints
        limbs                  int32   [batch, limbs, 2]       pairs of joints
        image_size             int32   [batch]                 side of canvas and maps in pixels
        person_height_share    float32 [batch]                 of the canvas that a person takes
        label_schema, preset, contract_version  string [batch]
        training_step          int32   [batch]

A photo is cut or padded to the canvas of `pose_transform.person_square`, and the maps lie on that canvas; the graph
moves keypoints and map with it. A picture is taken as it is stored: a client turns it upright before (EXIF). The
`reference_map` of a photo covers it, pixel by pixel; what of the map lies beyond the photo is not looked at, so that
maps of photos of several sizes fit one batch. Pixels of 255 are unknown. A missing joint has confidence 0. The `paper`
preset takes a `reference_map` and does not look at it: it parses the photo itself.

`retarget_clip` is the rollout of `rollout.Rollout`, and so is `step` called again and again: the three agree.

The attribute `generator` is the network alone, from its named float inputs to its named outputs;
`generator.load_generator` finds it. The graph holds nothing but TensorFlow's own operations: a server needs neither
Keras nor this package.
"""
