"""Which learned teachers of a comparison are draws of one kind: trained alike but for the seed, used alike."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.gather import Lived, is_learned
from benchmarks.meta.controls import control_of
from benchmarks.meta.folder import listed
from benchmarks.meta.trained import Names, Network
from benchmarks.meta.training import MetaTrain
from teacher.learned.files import CARD
from teacher.learned.ppo_teacher import SHIPPED

_log = logging.getLogger("paceline")


def networks_of(lived: Sequence[Lived]) -> dict[Names, Network]:
    """The networks of the learned teachers that are no controls, by suite, student and name in tables.

    Of one kind are those whose settings are the same but for the path, the wrappers' too, and whose cards tell of the
    same training but for the seed. One whose card cannot be read, or is of another network than the one that lived, is
    left out; where others of its settings took part, a warning says so.
    """
    found: dict[Names, Network] = {}
    unknown: dict[str, tuple[str, str]] = {}  # folder, and how its network is used
    for _, cell, teacher, digest in lived:
        name = (cell.suite, cell.student, teacher)
        options = dict(cell.options.get("teacher", {}))
        path = options.pop("path", "")
        if digest is None or name in found or not is_learned(cell) or control_of(path):
            continue
        used = json.dumps([cell.teacher, options], sort_keys=True)
        training = training_of(path, digest)
        if training is None:
            unknown[digest] = (path, used)
        else:
            found[name] = Network(used + training, digest)
    for path, used in unknown.values():
        others = [network for network in found.values() if network.kind.startswith(used)]
        if others or sum(used == other for _, other in unknown.values()) > 1:
            _log.warning(
                "the card in %s does not tell how the network that lived was trained: it is not taken together with "
                "others",
                path,
            )
    return found


def training_of(folder: str, fingerprint: str) -> str | None:
    """How a network was trained, but for the seed: what its card says other than today's defaults, as JSON.

    Settings that there are no more say nothing, and one that came later stands at its default: the one that ships was
    trained before some of them. None where no card is there, it is of another network, or it tells of no training.

    Args:
        folder: of the network; empty: the one that ships.
        fingerprint: of the network.
    """
    try:
        card = json.loads((Path(folder or SHIPPED) / CARD).read_text(encoding="utf-8"))
        known = dict(_flat(card["training"])) if card["fingerprint"] == fingerprint else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if known is None:
        return None
    told = {name: value for name, value in known.items() if _defaults().get(name, value) != value}
    return json.dumps(told, sort_keys=True)


@cache
def _defaults() -> dict[str, Any]:
    """Of settings that weights depend on, but for the seed."""
    plain = listed(dataclasses.asdict(MetaTrain()))
    return {name: value for name, value in _flat(plain) if name != "seed" and not name.startswith("judge_")}


def _flat(settings: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by name, those of parts as part.name."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield within + name, value
