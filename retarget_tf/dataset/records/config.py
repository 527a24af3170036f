"""Settings of a build of records."""

import dataclasses

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class BuildConfig:
    """Settings of a build of records.

    Attributes:
        size: Side of the stored pictures in pixels; 0 keeps that of the clips, which must then agree.
        label_schema: Name of the label schema of the stored parsing maps; every clip must have maps of it.
        segment_frames: Number of consecutive frames in one record.
        validation_share: Share of the people that are used for validation.
        test_share: Share of the people that are used for testing; 1 makes a test set and nothing else.
        test_people: Ids of the people to test; replaces `test_share`.
        shards: Number of training files; 0 makes one for every 64 records, and at least 4.
        seed: Makes the split, the order of the records and the reference frames repeatable.
    """

    size: int = 0
    label_schema: str = parsing_labels.PARTS10.name
    segment_frames: int = 64
    validation_share: float = 0.1
    test_share: float = 0.2
    test_people: tuple[str, ...] = ()
    shards: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        parsing_labels.get_schema(self.label_schema)
        if self.segment_frames < 2:
            raise ConfigError(f"segment_frames must be at least 2. Received: segment_frames={self.segment_frames}")
        if self.size < 0 or self.shards < 0:
            raise ConfigError(f"size and shards must not be negative. Received: size={self.size}, shards={self.shards}")
        shares = (self.validation_share, self.test_share)
        if not all(0 <= share <= 1 for share in (*shares, sum(shares))):
            raise ConfigError(
                "validation_share and test_share must lie in 0..1, and so must their sum. "
                f"Received: validation_share={shares[0]}, test_share={shares[1]}"
            )
