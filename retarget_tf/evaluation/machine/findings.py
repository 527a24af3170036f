"""What a check of the machine finds, and how it is shown: a line each, and below it what to do."""

import dataclasses
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from retarget_tf.errors import InputDataError, MissingDependencyError

State = Literal["ok", "warning", "failed"]
_NAME_WIDTH, _STATE_WIDTH = 24, 7


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        state: "failed" if the programs will not do their work so, "warning" if they will, but slower or not all of it.
        found: What was found.
        advice: What to do about it; empty if nothing needs to be done.
        group: Heading of the line.
        seconds: How long a trial took; None of what is only looked at.
    """

    name: str
    state: State
    found: str
    advice: str = ""
    group: str = ""
    seconds: float | None = None

    def text(self, width: int) -> str:
        """Returns the line, and the advice in lines below it, at most `width` characters wide."""
        start = f"  {self.state:<{_STATE_WIDTH}}  {self.name:<{_NAME_WIDTH}}  "
        below = " " * len(start)
        found = self.found if self.seconds is None or self.state != "ok" else f"{self.found}, {self.seconds:.0f} s"
        lines = textwrap.wrap(found, width, initial_indent=start, subsequent_indent=below, **_UNBROKEN)
        if self.advice[:1].islower():  # a command, which can be copied from one line only
            lines.append(f"{below}-> {self.advice}")
        else:
            lines += textwrap.wrap(
                self.advice, width, initial_indent=f"{below}-> ", subsequent_indent=f"{below}   ", **_UNBROKEN
            )
        return "\n".join(lines)


_UNBROKEN: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}  # commands and paths can be copied
Check = Callable[[], Iterable[Finding]]


def ok(name: str, found: str) -> Finding:
    """Returns a line about something that is as it should be."""
    return Finding(name, "ok", found)


def warning(name: str, found: str, advice: str) -> Finding:
    """Returns a line about something without which the programs still do their main work."""
    return Finding(name, "warning", found, advice)


def failed(name: str, found: str, advice: str) -> Finding:
    """Returns a line about something that has to be mended first."""
    return Finding(name, "failed", found, advice)


def isolated(group: str, name: str, check: Check) -> Iterator[Finding]:
    """Yields what a check finds; whatever goes wrong in it is a line of that name, and no exception."""
    try:
        for finding in check():
            yield dataclasses.replace(finding, group=group)
    except (InputDataError, MissingDependencyError) as error:
        yield Finding(name, "failed", *told(str(error)), group)
    except Exception as error:
        found = " ".join(f"cannot be told ({type(error).__name__}: {error})".split())
        yield Finding(
            name, "failed", found, "Look at what it names; if that is as it should be, report this line.", group
        )


def told(message: str) -> tuple[str, str]:
    """Splits an error of this package into what is wrong, and the last sentence, which says what to do."""
    wrong, _, advice = message.removeprefix("ERROR: ").rpartition(". ")
    return (f"{wrong}.", advice) if wrong else (advice, "Report this line.")


def summary(findings: Iterable[Finding]) -> str:
    """Returns the last line of the report."""
    states = [finding.state for finding in findings]
    warnings = states.count("warning")
    also = f", {warnings} warning{'s' * (warnings != 1)}" if warnings else ""
    if bad := states.count("failed"):
        return f"Not ready: {bad} of {len(states)} checks failed{also}."
    return f"Ready: retarget will run here ({len(states)} checks{also})."


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Returns the report as JSON takes it: `ready`, and a list of `checks`."""
    checks = [dataclasses.asdict(finding) for finding in findings]
    return {"ready": all(check["state"] != "failed" for check in checks), "checks": checks}
