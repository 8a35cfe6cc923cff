"""Settings that came after lifetimes had been lived: at what was done before, they do not tell lifetimes apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Options = dict[str, dict[str, Any]]
LATER: dict[tuple[str, str], dict[str, Any]] = {
    ("teacher", "general"): {"rehearsal": 0.0},
    ("suite", "formal"): {"tested": ()},
}
"""By kind and component: the settings that came later, and the values that leave all as it was before."""


def unless_as_before(parts: dict[str, str], options: Options, default: Callable[[Any, str], Any]) -> Options:
    """A lifetime's options without the settings that came later and stand at what was done before.

    Args:
        parts: the name of its component, by kind.
        options: of each kind; a setting that is not named stands at its default.
        default: a component with its defaults, by kind and name.
    """
    found = dict(options)
    for kind, before in _of(parts, options):
        own = {**{name: getattr(default(kind, parts[kind]), name) for name in before}, **options[kind]}
        same = {name for name, value in before.items() if _plain(own[name]) == value}
        found[kind] = {name: value for name, value in own.items() if name not in same}
    return found


def told(parts: dict[str, str], options: Options) -> Options:
    """The options that a folder of before stands for: settings that came later are added at what was done then."""
    return {**options, **{kind: {**before, **options[kind]} for kind, before in _of(parts, options)}}


def _of(parts: dict[str, str], options: Options) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, before) for (kind, name), before in LATER.items() if parts[kind] == name and kind in options]


def _plain(value: Any) -> Any:
    """A sequence as a tuple: a file has lists."""
    return tuple(value) if isinstance(value, list) else value
