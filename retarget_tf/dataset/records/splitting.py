"""Splits people into training, validation and test; people who perform the same motion stay in the same split."""

import random
from collections.abc import Sequence

from retarget_tf.dataset.clips import ClipInfo
from retarget_tf.dataset.records.manifest import SPLITS, TEST, TRAIN, VALIDATION
from retarget_tf.errors import InputDataError

Group = tuple[str, ...]


def split_people(
    clips: Sequence[ClipInfo],
    *,
    validation_share: float,
    test_share: float,
    test_people: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, str]:
    """Assigns every person to a split at random.

    People who share a motion (`ClipInfo.motion_of`) get the same split; otherwise a motion seen in training would be
    tested on another body.

    Args:
        clips: All clips.
        validation_share: Share of the people for validation; any share above 0 gives at least one person.
        test_share: Share of the people for testing, likewise; 1 leaves training empty.
        test_people: Ids of the people to test, together with those who share their motions; replaces `test_share`.
        seed: Makes the assignment repeatable.

    Returns:
        The split of each person id.

    Raises:
        InputDataError: A person of `test_people` is in no clip, or there are too few people for the splits.
    """
    groups = tied_people(clips)
    everyone = sum(len(group) for group in groups)
    if missing := sorted(set(test_people) - {person for group in groups for person in group}):
        raise InputDataError(f"test people {', '.join(missing)}: in none of the clips. Name people of clip.json.")
    chosen: dict[str, list[Group]] = {TEST: [group for group in groups if set(group) & set(test_people)]}
    left = [group for group in groups if group not in chosen[TEST]]
    random.Random(seed).shuffle(left)
    if not test_people:
        chosen[TEST] = _take(left, test_share, everyone)
    chosen[VALIDATION] = _take(left, validation_share, everyone)
    test_share = test_share if not test_people else len(test_people) / everyone
    chosen[TRAIN] = left
    if validation_share + test_share > 1 - 1e-9:  # training gets nobody, so those left over by rounding go elsewhere
        chosen[VALIDATION if validation_share else TEST] += left
        chosen[TRAIN] = []
    shares = {TRAIN: 1 - validation_share - test_share, VALIDATION: validation_share, TEST: test_share}
    for split in SPLITS:
        if shares[split] > 1e-9 and not chosen[split]:
            tied = max(groups, key=len)
            because = f" ({len(tied)} of them share motions and stay together: {', '.join(tied[:3])} ...)"
            raise InputDataError(
                f"clips: {everyone} people{because if len(tied) > 1 else ''} leave nobody for {split}. "
                "Give clips of more people, or a share of 0."
            )
    return {person: split for split in SPLITS for group in chosen[split] for person in group}


def tied_people(clips: Sequence[ClipInfo]) -> list[Group]:
    """Groups the people who must be in the same split; both the groups and the ids in them are sorted.

    Two people are tied if a clip of one repeats the motion of a clip of the other, or both repeat that of a third.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for clip in clips:
        person = ("person", clip.person_id)
        for motion in (clip.clip_id, clip.motion_of or clip.clip_id):
            parent[root(("motion", motion))] = root(person)
    groups: dict[tuple[str, str], list[str]] = {}
    for person_id in sorted({clip.person_id for clip in clips}):
        groups.setdefault(root(("person", person_id)), []).append(person_id)
    return sorted(tuple(group) for group in groups.values())


def _take(left: list[Group], share: float, everyone: int) -> list[Group]:
    """Moves groups out of `left` up to `share` of the people; any share above 0 takes at least the smallest group."""
    if share <= 0 or not left:
        return []
    wanted = max(1, round(share * everyone))
    taken: list[Group] = []
    for group in list(left):
        if len(group) <= wanted - sum(len(other) for other in taken):
            taken.append(group)
            left.remove(group)
    if not taken:
        taken.append(min(left, key=len))
        left.remove(taken[0])
    return taken
