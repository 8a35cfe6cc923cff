"""Hyper-parameters of suites, students and teachers as flags with their component's name."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Sequence
from dataclasses import field, make_dataclass
from typing import Annotated, Any, Literal

import tyro

from benchmarks.components.students import OwnStudent
from benchmarks.components.teachers import parts_of
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, component
from benchmarks.store import UserError

_COMPONENTS: dict[str, Any] = {
    **{name: made for name, (made, _) in SUITES.items()},
    **STUDENTS,
    "own": OwnStudent(),
    **TEACHERS,
    **WRAPPERS,
}


def with_hyperparameters(command: Any, arguments: Sequence[str], usual: set[str]) -> Any:
    """A command's dataclass with one more field, whose flags are those of the components that are wanted.

    Flags of every component there is would take seconds to set up, so only those that the command line names are.

    Args:
        command: the dataclass.
        arguments: the command line.
        usual: components that have flags in any case.
    """
    own = {"own"} if any(":" in argument for argument in arguments) else set()
    told = own | {part for argument in arguments for part in re.split(r"[,.=+]", argument.lstrip("-"))} | usual
    fields = [
        (name.replace("-", "_"), _described(type(default)), field(default_factory=functools.partial(_same, default)))
        for name, default in _COMPONENTS.items()
        if name in told
    ]
    flags = make_dataclass("Hyperparameters", fields, frozen=True)
    hyper = Annotated[flags, tyro.conf.arg(name="", help="")]  # type: ignore[valid-type]
    made = make_dataclass(
        command.__name__, [("hyper", hyper, field(default_factory=flags))], bases=(command,), frozen=True
    )
    made.__doc__ = command.__doc__
    return made


def _described(kind: type) -> Any:
    """The type with its help, which else is looked for in the source of a class that has none: half of the parsing."""
    told = re.split(r"\n(?:Attributes|Args|Raises|Reference):", inspect.getdoc(kind) or "")[0]
    return Annotated[kind, tyro.conf.arg(help=told.strip())]


def _same(value: Any) -> Any:
    return value


def student_component(student: str) -> str:
    """The name under which a student has flags: its own, or ``own`` for ``package.module:name``."""
    return "own" if ":" in student else student


def settings_of(made: Any) -> dict[str, Any]:
    """The hyper-parameters of a component."""
    return {f.name: getattr(made, f.name) for f in dataclasses.fields(made) if f.init}


def defaults_of(kind: Literal["suite", "student", "teacher"], name: str) -> dict[str, Any]:
    """Hyper-parameters behind a name as they are without flags; none of ``package.module:name``."""
    return {} if ":" in name else settings_of(component(kind, name))


def chosen(command: Any, name: str) -> dict[str, Any]:
    """The hyper-parameters of a component as the command was given them; nothing for the user's own."""
    flags = getattr(command, "hyper", None)
    return {} if name not in _COMPONENTS else settings_of(getattr(flags, name.replace("-", "_"), _COMPONENTS[name]))


def teacher_settings(command: Any, name: str) -> dict[str, Any]:
    """The hyper-parameters of a teacher, and under ``+floor`` and the like those of the wrappers around it."""
    inner, *wrappers = parts_of(name)
    return {**chosen(command, inner), **{f"+{wrapper}": chosen(command, wrapper) for wrapper in wrappers}}


def refuse_unused(command: Any, used: set[str]) -> None:
    """Refuses a flag of a component that is not in the run.

    Raises:
        UserError: names the flag.
    """
    for name, default in _COMPONENTS.items():
        given = chosen(command, name)
        changed = [key for key, value in settings_of(default).items() if given[key] != value]
        if changed and name not in used:
            raise UserError(
                f"--{name}.{changed[0].replace('_', '-')} is set, and {name} is not in this run: drop the flag"
            )
