"""Settings as frozen dataclasses: each field declares its help and its range, from which checks and flags are made.

    @dataclasses.dataclass(frozen=True)
    class BuildConfig:
        segment_frames: int = setting(64, "consecutive frames in one record", minimum=2)
        test_people: tuple[str, ...] = setting((), "test exactly these people, instead of a share")

        def __post_init__(self) -> None:
            check(self)

A program defines its flags from the fields, and builds the dataclass from the flags:

    _BUILD = define_flags(BuildConfig)          # --segment_frames, --test_people
    config = BuildConfig(**given(_BUILD))

Fields declared without `setting` are neither checked nor flags. A subclass can change a default with a plain
`batch_size: int = 8`; help and range are inherited. Each preset (`paper`, `stable`) is such a subclass; `of_preset` and
`define_flags` take a dict of them by name.
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
    """The help, range and choices of a field, stored in its metadata; the arguments are those of `setting`."""

    help: str
    minimum: float | None
    above: float | None
    maximum: float | None
    below: float | None
    choices: tuple[str, ...]

    def allows(self, value: Any) -> bool:
        """Returns whether the value is allowed; NaN is not if there is a bound."""
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
            and (not self.choices or value in self.choices)
        )

    @property
    def rule(self) -> str:
        """The range or choices as words that follow "must be"; empty if every value is allowed."""
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
    """Declares a dataclass field with its help and the values that it allows.

    Args:
        default: Default value; a field without one is required.
        help: What the setting does, for readers of the code and for `--help`.
        minimum: Smallest allowed value.
        above: Exclusive lower bound.
        maximum: Largest allowed value.
        below: Exclusive upper bound.
        choices: The allowed values; not needed for a field annotated with `Literal`.

    Returns:
        The result of `dataclasses.field`.
    """
    description = _Description(help, minimum, above, maximum, below, tuple(choices))
    return dataclasses.field(default=default, metadata={"description": description})


def check(settings: Any) -> None:
    """Checks each field of a settings dataclass against its range and choices; None is always allowed.

    Raises:
        ConfigError: A value is not allowed.
    """
    for name, description in _descriptions(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and not description.allows(value):
            raise ConfigError(f"{name} must be {description.rule}. Received: {name}={value}")


def of_preset(presets: Mapping[str, type[Settings]], preset: str, values: Mapping[str, Any]) -> Settings:
    """Builds the settings of one preset.

    Args:
        presets: Settings class of each preset by name.
        preset: Name of the preset to build.
        values: Settings that replace the preset's defaults.

    Raises:
        ConfigError: The preset does not exist, does not have one of the settings, or a value is out of range.
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
    """Defines a flag, in the calling module, for each field declared with `setting`.

    Args:
        settings: A settings dataclass, or the classes of the presets by name. If the presets differ in a field's
            default, or some lack the field, the flag has no default and its help names the presets.
        prefix: Text before the help of each flag, such as the condition under which the flags apply.

    Returns:
        The flags, to be read with `given`.
    """
    presets = settings if isinstance(settings, Mapping) else {"": settings}
    owners: dict[str, dict[str, type[Any]]] = {}  # the presets that have a field, by the field's name
    for preset, of_one in presets.items():
        for name in _descriptions(of_one):
            owners.setdefault(name, {})[preset] = of_one
    return tuple(
        _define_flag(name, of_field, prefix, is_common=len(of_field) == len(presets))
        for name, of_field in owners.items()
    )


def given(holders: "Iterable[flags.FlagHolder[Any]]") -> dict[str, Any]:
    """Returns the values of flags by name, without those that are None; lists become tuples."""
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
    """Returns the descriptions of a class's fields, including inherited ones for fields declared without `setting`."""
    hints, found = typing.get_type_hints(settings), {}
    for of_class in reversed(settings.__mro__):
        for field in getattr(of_class, "__dataclass_fields__", {}).values():
            if "description" in field.metadata:
                choices = typing.get_args(hints[field.name]) if _is_literal(hints[field.name]) else ()
                described = field.metadata["description"]
                found[field.name] = dataclasses.replace(described, choices=described.choices or choices)
    return found


def _kind(annotation: Any) -> Any:
    """Returns the plain type of an annotation: `int` for `int | None`, `tuple` for `tuple[str, ...]`."""
    if isinstance(annotation, types.UnionType):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not types.NoneType)
    return typing.get_origin(annotation) or annotation


def _is_literal(annotation: Any) -> bool:
    return typing.get_origin(annotation) is Literal
