"""Writes the model card of an exported version: what the model does, its inputs, and uses to avoid."""

import keras
import tensorflow as tf

from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.networks.presets import PRESETS
from retarget_tf.serving import contract


def model_card(spec: GeneratorSpec) -> str:
    """Returns the model card of a generator as Markdown."""
    model, schema = spec.model, spec.model.schema
    lines = [
        f"| `{name}` | {_described(specs)} |" for name, specs in contract.signature_inputs(model.image_size).items()
    ]
    return f"""# A generator of the preset `{model.preset}`

Motion retargeting: from one photo of a person and the poses of a dance, it generates parsing maps of that person. One
model serves every person.

| | |
|---|---|
| maps | {model.image_size} x {model.image_size} px, class ids of `{schema.name}`: {", ".join(schema.classes)} |
| training | {spec.step} steps, width {model.filters}, norm {model.norm} |
| person | takes {spec.person_height_share:.0%} of the canvas's height, as in training |
| signatures | contract {contract.CONTRACT_VERSION} |
| made with | TensorFlow {tf.__version__}, Keras {keras.__version__} |

{PRESETS[model.preset].photo_advice}

| signature | inputs |
|---|---|
{chr(10).join(lines)}

Pictures are JPEG or PNG, turned upright before they are sent. Keypoints are BODY_25 in pixels of the picture, with
confidence 0 where a joint is missing; left and right are the person's own. `assets/labels.json` and
`assets/skeleton.json` name classes, colours, joints and limbs. The same input gives the same answer, and nothing is
kept between requests.

**Use it** for one person who is seen whole, filmed with a still camera, who agreed to it.

**Do not use it** to make a person appear to do what they did not, without their consent. Whoever trained it must
state how well it works, and for whom (`retarget-evaluate`). Measure its fairness across bodies, skin tones and clothes
before using it on strangers.
"""


def _described(specs: tuple[tf.TensorSpec, ...]) -> str:
    shapes = (f"{spec.name} {spec.dtype.name} {['batch', *spec.shape.as_list()[1:]]}" for spec in specs)
    return ", ".join(shapes).replace("'", "").replace("None", "any")
