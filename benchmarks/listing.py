"""What there is: teachers, students, signals, suites, each task with a worked example that was really sampled."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from benchmarks.flags import settings_of
from benchmarks.records import RECORDS
from benchmarks.sequences import columns
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, component, make_suite
from benchmarks.store import UserError, describe
from benchmarks.terminal import Console
from envs import IGNORE, Batch, Split, Suite, Task, tasks
from envs.progress import SIGNALS
from envs.suite import symbols_of

MODIFIERS: dict[str, Any] = {
    made.__name__: made
    for made in (
        tasks.LabelNoise,
        tasks.RareEvents,
        tasks.DataScale,
        tasks.Augmented,
        tasks.Jitter,
        tasks.Subsample,
        tasks.CausalShuffle,
        tasks.ShiftAnchors,
        tasks.shared_vocabulary,
        tasks.Reordered,
    )
}
_WIDTH = 76  # characters of an example; what is longer is cut, and says so


def show_all() -> None:
    """Prints everything, the suites with an example of their tasks."""
    console = Console()
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("teachers", TEACHERS),
        ("wrappers (teacher+wrapper)", WRAPPERS),
        ("students", STUDENTS),
        ("signals", SIGNALS),
    )
    for kind, things in kinds:
        table = Table(kind, "", box=None, header_style="bold", pad_edge=False)
        for name, thing in things.items():
            table.add_row(name, escape(_first_line(thing)))
        console.print(table)
        console.print()
    table = Table("modifiers (in Python)", "", box=None, header_style="bold", pad_edge=False)
    for name, thing in MODIFIERS.items():
        table.add_row(name, escape(_first_line(thing)))
    console.print(table)
    console.print()
    console.print("[bold]suites[/bold] (an example of each task: inputs over targets, '.' where nothing is scored)")
    for name in SUITES:
        show_suite(console, name)
    table = Table(
        "suites of record", "--preset small or paper; some have more", box=None, header_style="bold", pad_edge=False
    )
    for name, record in RECORDS.items():
        table.add_row(name, escape(record.title))
    console.print()
    console.print(table)
    console.print("paceline list NAME tells more of one of these.", highlight=False)


def show_suite(console: Console, name: str, every: bool = False) -> None:
    """Prints a suite: what it is, its axes, and an example of each task (``every``: of its easiest and hardest arm)."""
    try:
        suite = make_suite(name, {})
    except UserError as error:
        console.print(f"\n[bold]{name}[/bold]  {escape(str(error))}", highlight=False)
        return
    except Exception as error:  # an extra that is not installed, a file that is not there
        console.print(f"\n[bold]{name}[/bold]  {escape(describe(error))}", highlight=False)
        return
    first = _first_line(suite.tasks[0]) if ":" in name else _first_line(component("suite", name))
    console.print(f"\n[bold]{name}[/bold]  {escape(first)}", highlight=False)
    for number, task in enumerate(suite.tasks):
        axes = " x ".join(f"{axis.name} {_values(axis.values)}" for axis in task.axes)
        console.print(f"  {escape(f'{task.name}: {axes}; {len(task.beyond)} difficulties beyond')}", highlight=False)
        arms = [arm for arm in range(suite.num_arms) if suite.arms.tasks[arm] == number]
        for arm in dict.fromkeys([arms[0], arms[-1]]) if every else [arms[min(1, len(arms) - 1)]]:
            for line in example(suite, arm):
                console.print(f"    {escape(line)}", highlight=False, soft_wrap=True)


def show_one(name: str) -> None:
    """Prints one component's whole description.

    Raises:
        UserError: nothing bears this name.
    """
    console = Console()
    things: dict[str, Any] = {**TEACHERS, **WRAPPERS, **STUDENTS, **SIGNALS, **MODIFIERS}
    if name in things:
        console.print(escape(inspect.getdoc(things[name]) or ""), highlight=False, soft_wrap=True)
        for key, value in settings_of(things[name]).items() if name in {**TEACHERS, **WRAPPERS, **STUDENTS} else ():
            console.print(f"  --{name}.{key.replace('_', '-')} {value}", highlight=False)
        return
    for line in described_record(name) if name in RECORDS else ():
        console.print(escape(line), highlight=False, soft_wrap=True)
    if name in RECORDS and name not in SUITES:
        return
    if name not in SUITES and ":" not in name:
        raise UserError(f"nothing is called {name!r}; there are: {', '.join([*SUITES, *RECORDS, *things])}")
    _refuse_broken(name)
    show_suite(console, name, every=True)
    try:
        described: list[Any] = list(make_suite(name, {}).tasks)
    except Exception:  # what is missing was said above
        described = [component("suite", name)] if name in SUITES else []
    for thing in described:
        console.print()
        console.print(escape(inspect.getdoc(thing) or ""), highlight=False, soft_wrap=True)


def _refuse_broken(name: str) -> None:
    """A mistake in one's own suite is an error, not a line in a list."""
    if ":" in name:
        try:
            make_suite(name, {})
        except UserError:
            raise
        except Exception as error:  # whatever the user's module raises
            raise UserError(f"{name}: {describe(error)}") from error


def described_record(name: str) -> list[str]:
    """A suite of record: where it comes from, and the flags behind its presets."""
    record = RECORDS[name]
    lines = [f"{name} (suite of record): {record.title}", f"  source: {record.source}"]
    lines += [f"  expected there: {record.expected}", f"  primary metric: {record.metric}"]
    for preset_name, preset in record.presets().items():
        lines.append(
            f"  --preset {preset_name}: paceline bench {preset.suite} --students {preset.student} {preset.flags}"
        )
        lines += [f"    ours in it: {preset.chosen}"] if preset.chosen else []
        lines += [f"    with --students {name}: {flags}" for name, flags in preset.others.items()]
    return lines


def example(suite: Suite, arm: int) -> list[str]:
    """Three lines: the arm's name, the inputs of one training sequence, and the targets below them."""
    task, _ = suite.task_of(arm)
    return [suite.arm_name(arm), *aligned(task, suite.batch(arm, 0, 0, Split.TRAIN, 8))]


def aligned(task: Task, batch: Batch) -> list[str]:
    """The most varied sequence of a batch in the task's own symbols: inputs, and the target below each, '.' if none."""
    symbols, row = symbols_of(task), int(np.argmax([len(set(tokens)) for tokens in batch.tokens.tolist()]))
    last = int(np.flatnonzero(batch.targets[row] != IGNORE).max())  # padding behind it says nothing
    inputs = [symbols[token] for token in batch.tokens[row, : last + 1]]
    targets = ["." if token == IGNORE else symbols[token] for token in batch.targets[row, : last + 1]]
    return columns([("in  ", inputs), ("out ", targets)])


def _values(values: tuple[Any, ...]) -> str:
    shown = ", ".join(map(str, values[:6]))
    return f"{{{shown}}}" if len(values) <= 6 else f"{{{shown}, ... {values[-1]}}}"


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").strip().split("\n")[0].replace("``", "")
