"""Settings of building records: a frozen dataclass, whose fields are flags of `retarget-build-records`."""

import dataclasses

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class BuildConfig:
    """Settings of `build_records`."""

    size: int = setting(
        0, "side of the stored pictures in pixels; 0 keeps the clips' own, which must then agree", minimum=0
    )
    label_schema: str = setting(
        parsing_labels.PARTS10.name, "label schema of the stored parsing maps, one that every clip carries"
    )
    surfaces: bool = setting(False, "carry the surface maps of dancers, which every clip must then have")
    segment_frames: int = setting(64, "consecutive frames in one record", minimum=2)
    validation_share: float = setting(0.1, "share of the people to validate on", minimum=0, maximum=1)
    test_share: float = setting(
        0.2, "share of the people to test on; 1 makes a test set and nothing else", minimum=0, maximum=1
    )
    test_people: tuple[str, ...] = setting((), "test exactly these people, in place of a share")
    shards: int = setting(
        0, "files of the training split; 0 for one for each 64 records, but not fewer than 4", minimum=0
    )
    seed: int = setting(
        0, "another seed gives another split, order of the records and choice of reference frames", minimum=0
    )

    def __post_init__(self) -> None:
        check(self)
        parsing_labels.get_schema(self.label_schema)
        if self.validation_share + self.test_share > 1:
            raise ConfigError(
                "validation_share and test_share must not sum to more than 1. "
                f"Received: validation_share={self.validation_share}, test_share={self.test_share}"
            )
