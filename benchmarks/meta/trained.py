"""Learned teachers that were trained alike and lived the same: one kind, of which every network is a draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.meta.evidence import Row, compared
from benchmarks.statistics import REFERENCES, interquartile_mean, nested_interquartile

Names = tuple[str, str, str]
"""Suite, student, and a teacher's name in tables."""


class Network(NamedTuple):
    """Of a learned teacher: what all that were trained alike have in common, and its own fingerprint."""

    kind: str
    fingerprint: str


class _Place(NamedTuple):
    """What the networks of one kind, and the references, have lived of a suite and student: lives by seed.

    ``names`` are those in tables of each network, by fingerprint, as ``networks``.
    """

    suite: str
    student: str
    budget: int
    names: dict[str, list[str]]
    networks: dict[str, dict[str, Any]]
    references: dict[str, dict[str, Any]]

    def shares(self) -> dict[tuple[str, str], float]:
        """Updates over the budget, 1 where it never mastered, by fingerprint and seed."""
        return {
            (network, seed): min(life["updates"] / self.budget, 1.0) if life["mastered"] else 1.0
            for network, lives in self.networks.items()
            for seed, life in lives.items()
        }


def summarise_trained(groups: Sequence[dict[str, Any]], networks: Mapping[Names, Network]) -> list[dict[str, Any]]:
    """One record per kind of learned teacher of which two networks or more have lived the same suite and student.

    Networks are a level of their own, crossed with seeds: intervals draw both (``statistics.nested_weights``). One that
    has two rows, by two paths, is one.

    Args:
        groups: the records of ``statistics.summarise``.
        networks: of the learned teachers that are no controls.

    Returns:
        Records of ``teacher`` (its name without a folder), ``suites`` (a record per suite and student) and
        ``over_suites`` (None unless there are two of these, and it has lived in all that there are). Costs are updates
        restricted to the budget; docs/statistics.md names the keys.
    """
    records = []
    everywhere = dict.fromkeys((group["suite"], group["student"]) for group in groups)
    for kind in dict.fromkeys(network.kind for network in networks.values()):
        own = {name: network.fingerprint for name, network in networks.items() if network.kind == kind}
        found = [_lived(groups, own, *place) for place in everywhere]
        places = [place for place in found if len(place.networks) > 1]
        if not places:
            continue
        records.append(
            {
                "teacher": next(iter(own))[2].split("@")[0],
                "suites": [_record(place) for place in places],
                "over_suites": _over_suites(places) if 1 < len(places) == len(everywhere) else None,
            }
        )
    return records


def _lived(groups: Sequence[dict[str, Any]], own: Mapping[Names, str], suite: str, student: str) -> _Place:
    here = {g["teacher"]: g for g in groups if (g["suite"], g["student"]) == (suite, student)}
    names: dict[str, list[str]] = {}
    lived: dict[str, dict[str, Any]] = {}
    for teacher, group in here.items():
        if (suite, student, teacher) in own:
            network = own[suite, student, teacher]
            names.setdefault(network, []).append(teacher)
            lived[network] = {**_lives(group), **lived.get(network, {})}  # one seed by two paths counts once
    references = {name: _lives(here[name]) for name in REFERENCES if name in here}
    return _Place(suite, student, next(iter(here.values()))["budget"], names, lived, references)


def _lives(group: dict[str, Any]) -> dict[str, Any]:
    """Updates of each lifetime and whether it mastered, by seed."""
    cost = group["cost_to_mastery"]["updates"]
    each = zip(group["seeds"], cost["values"], cost["censored"], strict=True)
    return {str(seed): {"updates": value, "mastered": not censored} for seed, value, censored in each}


def _record(place: _Place) -> dict[str, Any]:
    """The figures of one suite and student."""
    row = _row(place, REFERENCES[0])
    against = {name: _against(place, name) for name in place.references}
    return {
        "suite": place.suite,
        "student": place.student,
        "budget": place.budget,
        "networks": place.names,
        "num_seeds": row.num_seeds,
        "num_lifetimes": row.num,
        "mastered": row.solved,
        "updates": {"mean": row.mean, "interval": [row.low, row.high], "censored": row.solved < row.num},
        "against": {name: one for name, one in against.items() if one is not None},
    }


def _row(place: _Place, reference: str) -> Row:
    lifetimes = {**place.references, **place.networks}
    rows = compared(lifetimes, place.budget, tuple(place.networks), reference=reference)
    return next(row for row in rows if row.name not in lifetimes)


def _against(place: _Place, reference: str) -> dict[str, Any] | None:
    """The comparison with a reference on the seeds that both have lived; None without any.

    ``bound`` says what censoring does to the ratio: ``at least`` (a network's lifetime was censored), ``at most`` (one
    of the reference's), ``none``, or ``unknown`` (both).
    """
    row, theirs = _row(place, reference), place.references[reference]
    if not row.num_pairs:
        return None
    pairs = [(life, theirs[seed]) for own in place.networks.values() for seed, life in own.items() if seed in theirs]
    ours_open, theirs_open = (not all(life["mastered"] for life in lives) for lives in zip(*pairs, strict=True))
    bound = {(0, 0): "none", (1, 0): "at least", (0, 1): "at most", (1, 1): "unknown"}[ours_open, theirs_open]
    interval = [row.ratio_low, row.ratio_high]
    return {"pairs": row.num_pairs, "ratio": row.ratio, "interval": interval, "bound": bound, "p": row.p}


def _over_suites(places: Sequence[_Place]) -> dict[str, Any]:
    """The interquartile mean over all lifetimes; networks are drawn once for all suites, seeds within each."""
    shares = [place.shares() for place in places]
    known = list(dict.fromkeys(network for own in shares for network, _ in own))
    return {
        "num_suites": len(places),
        "networks": known,
        "num_lifetimes": sum(map(len, shares)),
        "interquartile_mean": interquartile_mean([share for own in shares for share in own.values()]),
        "interval": nested_interquartile(
            [list(own.values()) for own in shares],
            [[{known.index(network)} for network, _ in own] for own in shares],
            [[int(seed) for _, seed in own] for own in shares],
        ),
    }
