"""What is known of the suites of record: the main table, and the figures of each suite's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meta.evidence import FEWEST_SEEDS, Row
from benchmarks.records import RECORDS, Record
from benchmarks.statistics import REFERENCES, holm, stratified
from benchmarks.store import UserError, read_json, write_text
from benchmarks.studies.evidence.table import with_table
from benchmarks.studies.records import gain, mixtures
from benchmarks.studies.records.known import GENERAL, Known, nested_interquartile, sign_of
from benchmarks.studies.records.paper import paper_section
from benchmarks.studies.records.run import NUM_TRAINED, RESULTS, SOURCES, TEACHERS, Run, entries, is_committed, yoked
from benchmarks.studies.records.standing import standing
from benchmarks.studies.records.tuning import FIGURES, on_suites, told
from benchmarks.terminal import say

COMMAND = "python -m benchmarks.studies.records table"
_FRONT, _PAGES = Path("README.md"), Path("docs/results")  # of the committed figures
_MARKS = (f"<!-- records: {COMMAND} -->", "<!-- end of records -->")
_PLACE = f"the lines {_MARKS[0]!r} and {_MARKS[1]!r}, between which the table goes"


@dataclass(frozen=True)
class Tables:
    """Prints the main table; writes it into README, and the figures into each suite's page.

    Of figures of one's own (--results FOLDER) it only prints, unless --front or --pages say where to write.
    """

    results: Path = RESULTS
    """Folder of the figures."""
    front: Path | None = None
    """Page with a place for the main table; default: README.md, and none with other --results."""
    pages: Path | None = None
    """Folder of the pages, a suite's that is missing is begun; default: docs/results, and none with other --results."""

    def execute(self) -> None:
        """Prints and writes."""
        known = list(self.known())
        if not known:
            raise UserError(
                f"{self.results} holds no figures of a suite of record: give what --results of run named, or give the "
                "command at the root of a checkout"
            )
        usual = (_FRONT, _PAGES) if is_committed(self.results) else (None, None)
        front, pages = self.front or usual[0], self.pages or usual[1]
        main = "\n".join(main_table(known))
        if front is not None:
            if not front.is_file():
                raise UserError(f"there is no page {front}: give --front a file with {_PLACE}")
            _fill(front, main)
        say(main)
        if pages is not None:
            self._write_pages(known, pages)
        if not is_committed(self.results):
            say("\n".join(["", *_left_alone(known, front, pages)]))

    def _write_pages(self, known: list[Known], pages: Path) -> None:
        from benchmarks.studies.records.figure import figure  # with matplotlib; it draws what is tabled here

        pages.mkdir(parents=True, exist_ok=True)
        write_text(pages / "records.svg", figure(known))
        for suite, record in RECORDS.items():
            page = pages / f"{suite}.md"
            own = [line for one in known if one.suite == suite for line in section(one, self.results)]
            figures = [*(own or ["Not run yet."]), *paper_section(self.results / "paper" / f"{suite}.json")]
            _fill(page, "\n".join([*set_ups(suite, record), *figures]), begun(suite, record))
        if (page := pages / "gain.md").exists():
            _fill(page, "\n".join(gain.told(known)))
        if (page := pages / "tuning.md").exists() and (tuned := self.results.parent / FIGURES.name).exists():
            static = mixtures.told(mixtures.figures(self.results.parent / mixtures.FIGURES.name))
            _fill(page, "\n".join([*told(read_json(tuned)["lifetimes"]), "", *on_suites(known), "", *static]))

    def known(self) -> Iterator[Known]:
        """All figures there are, in the order of the suites."""
        for suite in RECORDS:
            for preset in RECORDS[suite].presets():
                for file in sorted(self.results.glob(f"{suite}-{preset}-*.json")):
                    lifetimes = read_json(file)["lifetimes"]
                    budgets = [life["budget"] for found in lifetimes.values() for life in found.values()]
                    student = file.stem.removeprefix(f"{suite}-{preset}-")
                    yield Known(suite, preset, student, min(budgets), lifetimes)


def _fill(page: Path, table: str, new: str = "") -> None:
    """Puts a table into its place in a page; one that is not there yet is begun as ``new``."""
    text = page.read_text(encoding="utf-8") if page.exists() else new
    try:
        write_text(page, with_table(text, table, _MARKS))
    except UserError as error:
        raise UserError(f"{page}: {error}") from error


def _left_alone(known: list[Known], front: Path | None, pages: Path | None) -> Iterator[str]:
    """What is not in the table, and which pages were not written."""
    rowless = [f"{one.suite}, {one.student}" for one in known if one.preset == "small" and not _has_row(one)]
    if rowless:
        yield f"Without a row, for the general teacher lived no seed that the others there have: {'; '.join(rowless)}."
    if others := [f"{one.suite} --preset {one.preset}, {one.student}" for one in known if one.preset != "small"]:
        yield f"On a suite's page alone (--pages FOLDER), for the table is of --preset small: {'; '.join(others)}."
    left = [str(page) for page, other in ((_FRONT, front), (_PAGES, pages)) if other is None]
    if left:
        yield (
            f"Left as it is, of the committed figures: {', '.join(left)}. --front PAGE, a file with {_PLACE}, and "
            "--pages FOLDER write these figures elsewhere."
        )


def _has_row(one: Known) -> bool:
    return "general" in one.paired().lifetimes


def main_table(known: list[Known]) -> list[str]:
    """A line per suite: restricted means of every teacher, the general teacher's ratios with their tests.

    The last column is not of updates but of compute: probes charged, long sequences counted for what they cost.
    """
    known = [one for one in known if one.paired().lifetimes]
    lines = [
        f"| suite, student | seeds | {' | '.join(TEACHERS)} | of uniform's (p) | of target-deficit's (p) "
        "| compute, of uniform's |",
        "|---" * (len(TEACHERS) + 5) + "|",
    ]
    for one in known:
        rows = [one.paired().rows(reference) for reference in REFERENCES]
        if one.preset == "small" and all("general" in found for found in rows):
            own = rows[0]["general"]
            cells = [_cost(rows[0][name]) if name in rows[0] else "" for name in TEACHERS]
            others = [rows[0].get(reference) for reference in REFERENCES]
            tests = [
                _against(found["general"], other, with_test=True) for found, other in zip(rows, others, strict=True)
            ]
            tests.append(_against(one.paired().in_compute().rows("uniform")["general"], others[0], own=own))
            lines.append(f"| {' | '.join([f'{one.suite}, {one.student}', str(own.num_seeds), *cells, *tests])} |")
    small = [one for one in known if one.preset == "small"]
    return [*lines, *over_all(small), *standing(small)]


def over_all(known: list[Known]) -> list[str]:
    """Costs as shares of the budget, over all suites whose eight teachers have lived: IQM, stratified by suite."""
    whole = [one for one in known if all(len(one.lifetimes.get(name, {})) >= FEWEST_SEEDS for name in TEACHERS)]
    if len(whole) < 2:
        return []
    said = []
    for name in TEACHERS:
        shares = {
            f"{one.suite} {one.student}": {seed: cost[0] / one.budget for seed, cost in one.costs(name).items()}
            for one in whole
        }
        value, bounds = stratified({stratum: list(found.values()) for stratum, found in shares.items()})
        bounds = nested_interquartile(list(shares.values())) if name == GENERAL else bounds
        said.append(
            (value, f"{name} {value:.2f} [{bounds[0]:.2f}, {bounds[1]:.2f}]" if bounds else f"{name} {value:.2f}")
        )
    ranked = ", ".join(text for _, text in sorted(said))
    return [
        "",
        f"Over {len(whole)} suites and students, interquartile mean of updates over budget (stratified bootstrap; of "
        f"the general teacher nested): {ranked}.",
    ]


def section(one: Known, results: Path = RESULTS) -> list[str]:
    """The figures of one suite, preset and student, which lie in ``results``."""
    to_uniform, to_rule = (one.rows(reference) for reference in REFERENCES)
    lines = [
        "",
        f"### `--preset {one.preset}`, {one.student}",
        "",
        *([f"`{command}` lives the eight teachers of it.", ""] if (command := _own_command(one)) else []),
        f"Budget {one.budget:,} updates. Restricted means; 95 % bootstrap intervals from {FEWEST_SEEDS} seeds on, the "
        f"general teacher's over its six networks too ([statistics](../statistics.md)).{_samples(one)}",
        "",
        "| teacher | seeds | mastered | updates | area under curve | forward-equivalents | of uniform's | of "
        "target-deficit's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(to_uniform.values(), key=lambda row: row.mean):
        lives = one.lifetimes[row.name].values()
        area = sum(life["area_under_curve"] for life in lives) / len(lives)
        forwards = sum(life["forward_equivalents"] for life in lives) / len(lives) / 1e6
        sign = ">= " if row.solved < row.num else ""
        bounds = f" [{row.low:,.0f}, {row.high:,.0f}]" if row.num_seeds >= FEWEST_SEEDS else ""
        against = [
            "" if row.name == reference else _against(found[row.name], found.get(reference))
            for reference, found in zip(REFERENCES, (to_uniform, to_rule), strict=True)
        ]
        lines.append(
            f"| {row.name} | {row.num_seeds} | {row.solved} | {_cost(row)}{bounds} | {area:.3f} | "
            f"{sign}{forwards:,.1f} M | {' | '.join(against)} |"
        )
    return [*lines, "", *comparisons(one), *flags(one, results)]


def _samples(one: Known) -> str:
    """The fingerprint of what students were taught and tested on."""
    known = {life.get("fingerprint") for found in one.lifetimes.values() for life in found.values()} - {None}
    return f" Samples `{'`, `'.join(sorted(known))}`." if known else ""


def flags(one: Known, results: Path = RESULTS) -> list[str]:
    """What stands behind the names that are no teacher at its defaults."""
    known = entries(one.suite, f"{one.suite}-{one.preset}-{one.student}", results)
    own = [(name, known[name]) for name in one.lifetimes if known.get(name, f"--teacher {name}") != f"--teacher {name}"]
    said = ", ".join(f"{name} `{line}`" for name, line in own)
    return [f"Teachers at their defaults (`--teacher NAME`), but: {said}."] if said else []


def _own_command(one: Known) -> str:
    """What runs it, where the page's own command does not: with another student than the preset's."""
    preset: Any = one.preset
    student = None if one.student == RECORDS[one.suite].presets()[preset].student else one.student
    return Run(preset=preset, student=student).command(one.suite) if student or one.preset != "small" else ""


def comparisons(one: Known) -> list[str]:
    """The primary comparisons, and the rest against uniform sampling, Holm-corrected."""
    to_uniform, to_rule = (one.rows(reference) for reference in REFERENCES)
    own = {
        reference: found["general"]
        for reference, found in zip(REFERENCES, (to_uniform, to_rule), strict=True)
        if "general" in found and found["general"].num_pairs >= FEWEST_SEEDS
    }
    if not own:
        return ["Too few seeds for tests."]
    said = "Fixed beforehand (sign-flip tests): general against "
    said += ", against ".join(f"{name} p = {row.p:.2g} ({row.num_pairs} pairs)" for name, row in own.items())
    said += "."
    enough = {name: row for name, row in to_uniform.items() if row.num_pairs >= FEWEST_SEEDS}
    rivals = [row for name, row in enough.items() if name in TEACHERS and name not in ("uniform", "general")]
    controls = [row for name, row in enough.items() if name not in TEACHERS]
    told = [f"Descriptive, against uniform: the others of the eight, {_corrected(rivals)}"]
    sources = "".join(f", {row.name}" for row in controls if row.name in SOURCES.get(one.suite, {}))
    told += [f"controls and tuned settings{sources}, {_corrected(controls)}"] if controls else []
    return [said, f"{'; '.join(told)}."]


def _corrected(rows: list[Row]) -> str:
    """Their p values, Holm-corrected over them: a family that no row of another one changes."""
    values = zip(rows, holm([row.p for row in rows]), strict=True)
    return f"Holm-corrected over {len(rows)}: {', '.join(f'{row.name} {p:.2g}' for row, p in values)}"


def begun(suite: str, record: Record) -> str:
    """A new page."""
    title = f"# {suite}: {record.title}"
    return "\n".join([title, "", *_MARKS, "", "## What held, what did not, what surprised", "", "Nothing run yet.", ""])


def set_ups(suite: str, record: Record) -> list[str]:
    """What the suite is, its source, and its presets."""
    lines = [f"Source: {record.source}. Expected there: {record.expected}. Primary metric: {record.metric}.", ""]
    for name, preset in record.presets().items():
        ours = f" Ours: {preset.chosen}." if preset.chosen else ""
        lines.append(
            f"- `--preset {name}`: suite `{preset.suite}`, student `{preset.student}`, `{preset.flags}`.{ours}"
        )
    ours = f"`python -m benchmarks.studies.records run {suite} --preset small` lives the eight teachers of the figures "
    ours += f"below (seeds 0 to 9; trained teacher s mod {NUM_TRAINED} teaches seed s). Other rows need `--teachers "
    ours += (
        f"NAME` (what {', '.join(yoked(suite))} replay, `... yoke {suite}` makes of the general teacher's lifetimes "
    )
    ours += f"before). `{COMMAND}` makes this page; `... look {suite}` shows where the updates went."
    own = f"`paceline bench {suite} --preset small --teachers uniform,general` runs it with the teacher that ships."
    return [*lines, "", ours, own]


def _against(row: Row, reference: Row | None, with_test: bool = False, own: Row | None = None) -> str:
    """A ratio with its bounds; ``own`` says who mastered, where the row itself does not."""
    ratio = _ratio(row, with_test)
    return _sign(own or row, reference) + ratio if ratio and reference is not None else ratio


def _sign(row: Row, reference: Row) -> str:
    return sign_of(row.solved < row.num, reference.solved < reference.num)


def _cost(row: Row) -> str:
    return f"{'>= ' if row.solved < row.num else ''}{row.mean:,.0f}"


def _ratio(row: Row, with_test: bool = False) -> str:
    if np.isnan(row.ratio):
        return ""
    enough = row.num_pairs >= FEWEST_SEEDS
    bounds = f" [{row.ratio_low:.2f}, {row.ratio_high:.2f}]" if enough else ""
    return f"{row.ratio:.2f}{bounds}{f' ({row.p:.2g})' if with_test and enough else ''}"
