"""A trained generator as a SavedModel for TensorFlow Serving and plain TensorFlow, a server for it and a client.

    contract       the signatures: names, shapes, types, version, and the check of their inputs
    graph          the TensorFlow graph behind the signatures
    canvas         makes the canvas of a photo in it
    photographs    the signatures that answer with photographs
    exporting      writes the folder of one version: graph, warm-up requests, labels, model card
    warmup         one request for each signature, which a server runs before it reports the model as available
    model_card     the model card of a version
    checking       compares a SavedModel with the trained generator that it was exported from
    stranger       a script that calls every signature without importing this package
    onnx_export    the network alone as an ONNX file
    options        settings of client and server; imports no TensorFlow
    addresses      host:port, this machine or another, proxies
    securing       encryption and token of client and server
    client         retargets through a server, over gRPC
    server/        a server for development and tests

This module itself imports nothing.

# The contract

Every signature has the same inputs and outputs for all presets. `contract.CONTRACT_VERSION` counts their changes: the
second number grows when something is added, the first when an input or output changes or is removed. The first axis
of every input and output is the batch; its size is at least 1 and the same for all inputs of a request.

    serving_default         one map of one photo
        image_bytes            string  [batch]                 encoded JPEG or PNG, any size up to 8192 x 8192 px
        keypoints              float32 [batch, 25, 3]          the new pose, in pixels of that photo
        reference_keypoints    float32 [batch, 25, 3]          the pose in that photo; all confidences 0: unknown
     -> parsing_map            uint8   [batch, size, size]     class ids
        parsing_map_png_bytes  string  [batch]                 the same as grayscale PNG files

    retarget_clip           a whole dance of any length in one call
        image_bytes, reference_keypoints                       as above
        reference_map          uint8   [batch, height, width]  the photo's map of class ids; all 255: unknown
        keypoints              float32 [batch, frames, 25, 3]  the new poses, of at least 1 frame
     -> parsing_map_png_bytes  string  [batch, frames]

        Since contract 1.2 a dance may have several photos of its person, each with its keypoints and map: the three
        inputs of photos are then [batch * photos, ...], with the photos of the first dance first. Every frame is moved
        from the photo that is nearest in pose (`body.reference_choice`); keypoints are in pixels of the first photo.

    retarget_clip_raw       the same inputs
     -> parsing_map            uint8   [batch, frames, size, size]

    step                    the next frame of a stream; the server keeps no state, so any replica can run it
        image_bytes, reference_keypoints, reference_map        as in retarget_clip, the same at every step
        previous_map           uint8   [batch, size, size]     the `parsing_map` of the step before; all 255: none
        keypoints              float32 [batch, 25, 3]          the new pose
     -> parsing_map, parsing_map_png_bytes                     as in serving_default

    retarget_clip_on_canvas, step_on_canvas                    since contract 1.1
        as retarget_clip and step, for clients that crop the photo themselves: all coordinates are pixels of the canvas,
        and nothing is cropped, scaled or moved. Instead of image_bytes and a reference_map of any size they take
        canvas_bytes           string  [batch]                 encoded JPEG or PNG of size x size px
        reference_map          uint8   [batch, size, size]     the canvas's map of class ids; all 255: unknown

    prepare_photo           since contract 1.3: a photo, prepared for `step_frame`; once for all poses
        image_bytes, reference_keypoints, reference_map        as in retarget_clip
     -> canvas_bytes           string  [batch]                 the canvas as PNG files of frame_size x frame_size px
        layers_bytes           string  [batch]                 what frames are made of, as tall JPEG files
        reference_keypoints    float32 [batch, 25, 3]          in pixels of the canvas
        reference_map          uint8   [batch, frame_size, frame_size]
        photo_square           float32 [batch, 3]              left, top and side of the canvas in pixels of the photo

    step_frame              a photograph of one pose
        canvas_bytes, layers_bytes, reference_keypoints, reference_map     what prepare_photo answered
        keypoints              float32 [batch, 25, 3]          the new pose in pixels of that canvas
     -> frame_jpeg_bytes       string  [batch]                 frame_size x frame_size px
        opacity_png_bytes      string  [batch]                 how much of each pixel the person covers, 8-bit gray

    retarget_clip_frames    a whole dance as photographs
        the inputs of retarget_clip, of one or several photos
     -> frame_jpeg_bytes       string  [batch, frames]

    metadata                what the maps mean
        request                int32   [batch]                 any number
     -> label_names            string  [batch, classes]        in the order of the class ids
        palette                uint8   [batch, classes, 3]     RGB
        joints                 string  [batch, 25]             names, in the order of the keypoints
        limbs                  int32   [batch, limbs, 2]       pairs of joint indices
        image_size             int32   [batch]                 side of canvas and maps in pixels
        frame_size             int32   [batch]                 side of photographs in pixels (since contract 1.3)
        person_height_share    float32 [batch]                 a person's height / the canvas's height
        label_schema, preset, contract_version  string [batch]
        training_step          int32   [batch]

The graph crops or pads each photo to a square canvas (`pose_transform.person_square`), and moves the keypoints and the
reference map in the same way; the returned maps are in pixels of that canvas. EXIF orientation is ignored: a client
turns its photo upright first. A `reference_map` has one value for each pixel of its photo. Where it is larger, the rest
is ignored, so that maps of photos of several sizes fit into one batch. Pixels of 255 are unknown. A missing joint has
confidence 0. The `paper` preset ignores `reference_map`, because it parses the photo itself.

`retarget_clip`, repeated calls of `step`, and `rollout.Rollout` in Python give the same maps. `retarget_clip_frames`
and repeated calls of `step_frame` give the same photographs; they are made without a network, from the photo's pixels.

The attribute `generator` of the SavedModel is the network alone, from its named float inputs to its named outputs;
`generator.load_generator` loads it. The graph has no custom operations: a server needs neither Keras nor this package.
"""
