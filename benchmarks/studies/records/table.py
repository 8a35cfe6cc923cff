"""What is known of the suites of record: the main table, and the figures of each suite's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.records import RECORDS, Record
from benchmarks.statistics import REFERENCES, nested_interquartile, stratified
from benchmarks.store import UserError, write_text
from benchmarks.studies.evidence.table import with_table
from benchmarks.studies.keeping import lifetimes_in
from benchmarks.studies.records import gain, hardest, mixtures
from benchmarks.studies.records.known import GENERAL, Known
from benchmarks.studies.records.look import FOLDER
from benchmarks.studies.records.paper import paper_section
from benchmarks.studies.records.run import NUM_TRAINED, RESULTS, TEACHERS, Run, is_committed, yoked
from benchmarks.studies.records.section import cost_of, ratio_to, section
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
    live: bool = False
    """First live what is missing of it: the eight teachers on all suites (`run`, two workers)."""

    def execute(self) -> None:
        """Prints and writes."""
        failed = self._lived() if self.live else None
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
        if failed is not None:
            raise failed

    def _lived(self) -> UserError | None:
        """What kept some suites from being complete: what there is of them is tabled all the same."""
        try:
            Run(results=self.results).execute()
        except UserError as error:
            return error
        return None

    def _write_pages(self, known: list[Known], pages: Path) -> None:
        # With matplotlib; they draw what is tabled here.
        from benchmarks.studies.records.figure import figure
        from benchmarks.studies.records.taught import drawn

        pages.mkdir(parents=True, exist_ok=True)
        write_text(pages / "records.svg", figure(known))
        for file in sorted((self.results / FOLDER).glob("*.json")):
            (pages / FOLDER).mkdir(exist_ok=True)
            write_text(pages / FOLDER / f"{file.stem}.svg", drawn(file))
        for suite, record in RECORDS.items():
            page = pages / f"{suite}.md"
            own = [line for one in known if one.suite == suite for line in section(one, self.results)]
            figures = [*(own or ["Not run yet."]), *paper_section(self.results / "paper" / f"{suite}.json")]
            _fill(page, "\n".join([*set_ups(suite, record), *figures]), begun(suite, record))
        if (page := pages / "gain.md").exists():
            _fill(page, "\n".join(gain.told(known)))
        if (page := pages / "hardest.md").exists():
            _fill(page, "\n".join(hardest.told(self.results)))
        if (page := pages / "tuning.md").exists() and (tuned := self.results.parent / FIGURES.name).exists():
            static = mixtures.told(mixtures.figures(self.results.parent / mixtures.FIGURES.name))
            _fill(page, "\n".join([*told(lifetimes_in(tuned)), "", *on_suites(known), "", *static]))

    def known(self) -> Iterator[Known]:
        """All figures there are, in the order of the suites."""
        for suite in RECORDS:
            for preset in RECORDS[suite].presets():
                for file in sorted(self.results.glob(f"{suite}-{preset}-*.json")):
                    lifetimes = lifetimes_in(file)
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
            cells = [cost_of(rows[0][name]) if name in rows[0] else "" for name in TEACHERS]
            others = [rows[0].get(reference) for reference in REFERENCES]
            tests = [
                ratio_to(found["general"], other, with_test=True) for found, other in zip(rows, others, strict=True)
            ]
            tests.append(ratio_to(one.paired().in_compute().rows("uniform")["general"], others[0], own=own))
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
        costs = [one.costs(name) for one in whole]
        shares = {
            f"{one.suite} {one.student}": [cost[0] / one.budget for cost in own.values()]
            for one, own in zip(whole, costs, strict=True)
        }
        value, bounds = stratified(shares)
        if name == GENERAL:
            behind = [one.behind((name,), own) for one, own in zip(whole, costs, strict=True)]
            bounds = nested_interquartile(list(shares.values()), behind)
        said.append(
            (value, f"{name} {value:.2f} [{bounds[0]:.2f}, {bounds[1]:.2f}]" if bounds else f"{name} {value:.2f}")
        )
    ranked = ", ".join(text for _, text in sorted(said))
    return [
        "",
        f"Over {len(whole)} suites and students, interquartile mean of updates over budget (stratified bootstrap; of "
        f"the general teacher nested): {ranked}.",
    ]


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
