"""Who trains and who tests: people are dealt to the splits, never frames, and never two ways of one motion."""

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
    """Gives every person a split.

    People who are tied by a shared motion (`ClipInfo.motion_of`) go the same way: a motion that was trained on
    would otherwise be tested, on another body.

    Args:
        clips: all clips.
        validation_share: of the people; at least one where the share is not 0.
        test_share: likewise; 1 leaves training empty.
        test_people: exactly these (and who is tied to them) are tested, in place of a share.
        seed: of the draw.

    Returns:
        The split by person id.

    Raises:
        InputDataError: a person of `test_people` is not there, or the people are too few for the splits.
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
    if validation_share + test_share > 1 - 1e-9:  # nobody is to train: rounding leaves no one behind
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
    """The groups of people who must not be parted, each sorted, in order of their first names.

    Two people are tied where a clip of one repeats the motion of a clip of the other, or both that of a third.
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
    """Moves groups out of `left` until they hold the share of the people; at least the smallest for any share."""
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
