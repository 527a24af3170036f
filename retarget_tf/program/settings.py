"""Settings as frozen dataclasses whose fields are described once, for the code, its checks and the command line.

    @dataclasses.dataclass(frozen=True)
    class BuildConfig:
        segment_frames: int = setting(64, "consecutive frames in one record", minimum=2)
        test_people: tuple[str, ...] = setting((), "test exactly these people, in place of a share")

        def __post_init__(self) -> None:
            check(self)

A program makes its flags of the fields, and the dataclass of its flags:

    _BUILD = define_flags(BuildConfig)          # --segment_frames, --test_people
    config = BuildConfig(**given(_BUILD))

Fields that `setting` did not make are neither checked nor flags. A subclass gives a field another default by an
ordinary `batch_size: int = 8`: help and range stay those of the class that described it. So each preset (`paper`,
`stable`) has a subclass of its own, and `of_preset` and `define_flags` take them all, by name.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from absl import flags

from retarget_tf.errors import ConfigError

flags.disclaim_key_flags()  # a flag defined here belongs to the module that calls `define_flags`

Settings = TypeVar("Settings")

_DEFINE: dict[type, Callable[..., "flags.FlagHolder[Any]"]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_list,
}


@dataclasses.dataclass(frozen=True)
class _Description:
    """What a field's metadata holds: its help, and what its value must be."""

    help: str
    minimum: float | None
    above: float | None
    maximum: float | None
    below: float | None
    choices: tuple[str, ...]

    def allows(self, value: Any) -> bool:
        """Whether the value holds; not a number never does."""
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
            and (not self.choices or value in self.choices)
        )

    @property
    def rule(self) -> str:
        """What must hold, as it follows "must be" in a sentence; empty where everything does."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.minimum is not None and self.maximum is not None:
            return f"from {self.minimum} to {self.maximum}"
        bounds = {"at least": self.minimum, "above": self.above, "at most": self.maximum, "below": self.below}
        return " and ".join(f"{words} {bound}" for words, bound in bounds.items() if bound is not None)


def setting(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
    choices: Iterable[str] = (),
) -> Any:
    """A dataclass field that says what it is.

    Args:
        default: the value where none is given; without one the field is required.
        help: what the setting does, for readers of the code and for `--help`.
        minimum: smallest value; `above` where that value itself is refused.
        above: the value must be larger.
        maximum: largest value; `below` where that value itself is refused.
        below: the value must be smaller.
        choices: the values that are allowed; those of a `Literal` annotation need not be repeated.

    Returns:
        What `dataclasses.field` returns.
    """
    description = _Description(help, minimum, above, maximum, below, tuple(choices))
    return dataclasses.field(default=default, metadata={"description": description})


def check(settings: Any) -> None:
    """Checks each field of a settings dataclass against its range and choices; None passes.

    Raises:
        ConfigError: a value is not allowed.
    """
    for name, description in _descriptions(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and not description.allows(value):
            raise ConfigError(f"{name} must be {description.rule}. Received: {name}={value}")


def of_preset(presets: Mapping[str, type[Settings]], preset: str, values: Mapping[str, Any]) -> Settings:
    """Builds the settings of one preset.

    Args:
        presets: the settings class of each preset, by its name.
        preset: the one to build.
        values: what differs from its defaults.

    Raises:
        ConfigError: there is no such preset, a value is out of its range, or a setting is not this preset's.
    """
    if preset not in presets:
        raise ConfigError(f"preset must be one of {', '.join(presets)}. Received: preset={preset}")
    for name, value in values.items():
        owners = [owner for owner, settings in presets.items() if name in _fields(settings)]
        if preset not in owners:
            whose = f", it is one of {owners[0]}" if owners else ""
            raise ConfigError(f"{name} is no setting of {preset}{whose}. Received: {name}={value}")
    return presets[preset](**values)


def define_flags(
    settings: type[Any] | Mapping[str, type[Any]], prefix: str = ""
) -> "tuple[flags.FlagHolder[Any], ...]":
    """Defines a flag of the calling module for each field that `setting` made.

    Args:
        settings: a settings dataclass, or the classes of presets by name. A field whose default differs between
            presets, or that some do not have, becomes a flag without a default; its help names the presets.
        prefix: begins the help of each flag; says when the flags count.

    Returns:
        The flags; `given` reads them.
    """
    presets = settings if isinstance(settings, Mapping) else {"": settings}
    owners: dict[str, dict[str, type[Any]]] = {}  # for each field the presets that have it
    for preset, of_one in presets.items():
        for name in _descriptions(of_one):
            owners.setdefault(name, {})[preset] = of_one
    return tuple(
        _define_flag(name, of_field, prefix, is_common=len(of_field) == len(presets))
        for name, of_field in owners.items()
    )


def given(holders: "Iterable[flags.FlagHolder[Any]]") -> dict[str, Any]:
    """The values of flags by name, without those that are None; lists as tuples."""
    values = {holder.name: holder.value for holder in holders if holder.value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _define_flag(name: str, owners: Mapping[str, type[Any]], prefix: str, is_common: bool) -> "flags.FlagHolder[Any]":
    first = next(iter(owners.values()))
    description, kind = _descriptions(first)[name], _kind(typing.get_type_hints(first)[name])
    defaults = {preset: _fields(settings)[name].default for preset, settings in owners.items()}
    default, text = defaults[next(iter(owners))], prefix + description.help
    if description.rule and not description.choices:  # absl lists the choices itself
        text += f"; {description.rule}"
    if not is_common:
        text, default = f"{', '.join(owners)} only: {text} (default: {default})", None
    elif any(other != default for other in defaults.values()):
        of_each = ", ".join(f"{value} for {preset}" for preset, value in defaults.items())
        text, default = f"{text} (default: {of_each})", None
    required = default is dataclasses.MISSING
    default = None if required else list(default) if isinstance(default, tuple) else default
    if description.choices:
        return flags.DEFINE_enum(name, default, description.choices, text, required=required)
    return _DEFINE[kind](name, default, text, required=required)


def _fields(settings: type[Any]) -> dict[str, "dataclasses.Field[Any]"]:
    return {field.name: field for field in dataclasses.fields(settings)}


def _descriptions(settings: type[Any]) -> dict[str, _Description]:
    """The descriptions of a class's fields; a field that a subclass declares anew keeps the one it had."""
    hints, found = typing.get_type_hints(settings), {}
    for of_class in reversed(settings.__mro__):
        for field in getattr(of_class, "__dataclass_fields__", {}).values():
            if "description" in field.metadata:
                choices = typing.get_args(hints[field.name]) if _is_literal(hints[field.name]) else ()
                described = field.metadata["description"]
                found[field.name] = dataclasses.replace(described, choices=described.choices or choices)
    return found


def _kind(annotation: Any) -> Any:
    """The plain type of an annotation: `int` of `int | None`, `tuple` of `tuple[str, ...]`."""
    if isinstance(annotation, types.UnionType):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not types.NoneType)
    return typing.get_origin(annotation) or annotation


def _is_literal(annotation: Any) -> bool:
    return typing.get_origin(annotation) is Literal
