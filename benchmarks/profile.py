"""Where the time and memory of a lifetime go, arm by arm: making a batch, training on it, evaluating it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.table import Table

from benchmarks.provenance import environment
from benchmarks.records import RECORDS
from benchmarks.settings import make_student, make_suite, schedule_of
from benchmarks.store import UserError, describe, write_json
from benchmarks.terminal import Console
from envs import Split, Student, Suite, stack
from envs.suite import symbols_of
from envs.tasks.modifiers.augmentation import added_variance


@dataclass(frozen=True)
class ArmProfile:
    """What one arm costs per update: medians.

    Attributes:
        arm: its name.
        length: T.
        generate_ms: to make a batch.
        train_ms: one optimiser step on it.
        evaluate_ms: one forward with scores.
        tokens_per_second: trained on, batches being made included.
        generation_share: of making a batch over training on it.
        changed: share of training tokens that a modifier changes (``added_variance``) and of labels that are wrong on
            purpose; None: not modified row by row.
        coverage: share of the classes of a long tail that a batch holds; None: no long tail.
        memory_mib: kept from forward to backward of one step (on a GPU: the peak); None: the student is not torch's.
    """

    arm: str
    length: int
    generate_ms: float
    train_ms: float
    evaluate_ms: float
    tokens_per_second: float
    generation_share: float
    memory_mib: float | None
    changed: float | None
    coverage: float | None


def profile_arm(suite: Suite, student: Student, arm: int, batch_size: int, repeats: int) -> ArmProfile:
    """Measures one arm; making, training and evaluating alternate, so that a slow moment hits all three.

    Args:
        suite: the arms.
        student: one learner, reset.
        arm: its number.
        batch_size: B.
        repeats: of each; the first is left out (warm-up).
    """
    spent: list[list[float]] = []
    length, memory = 0, 0.0
    for index in range(repeats + 1):
        making, batch = _timed(lambda i=index: stack([suite.batch(arm, i, 0, Split.TRAIN, batch_size)]))  # type: ignore[misc]
        length = batch.tokens.shape[-1]
        if index == 0:
            with _kept_memory(student) as kept:
                student.train(batch)
            memory = kept[0]
            continue
        training, _ = _timed(lambda b=batch: student.train(b))  # type: ignore[misc]
        evaluating, _ = _timed(lambda b=batch: student.evaluate(b))  # type: ignore[misc]
        spent.append([making, training, evaluating])
    made, trained, evaluated = np.median(spent, axis=0)
    return ArmProfile(
        suite.arm_name(arm),
        length,
        1e3 * float(made),
        1e3 * float(trained),
        1e3 * float(evaluated),
        float(batch_size * length / (made + trained)),
        float(made / trained),
        memory / 2**20 if memory else None,
        *_modified(suite, arm, batch_size),
    )


def _modified(suite: Suite, arm: int, batch_size: int) -> tuple[float | None, float | None]:
    """What the modifier of an arm's task does to its training samples: tokens changed, classes covered."""
    task, difficulty = suite.task_of(arm)
    modifier: Any = task
    changed = coverage = None
    if getattr(task, "keeps_rows", False) and symbols_of(task) == symbols_of(modifier.inner):
        changed = added_variance(modifier.inner, task, difficulty) + getattr(task, "wrong_labels", lambda _: 0.0)(
            difficulty
        )
    if hasattr(task, "coverage"):
        coverage = modifier.coverage(suite.batch(arm, 0, 0, Split.TRAIN, batch_size), difficulty)
    return changed, coverage


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    made = act()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, made


@contextmanager
def _kept_memory(student: Student) -> Iterator[list[float]]:
    """Bytes kept for the backward pass in the block (one list entry): distinct storages that autograd saves.

    The weights themselves, which are there anyway, are left out.
    """
    models = getattr(student, "models", [])
    weights = {p.untyped_storage().data_ptr() for model in models for p in model.parameters()}
    seen: dict[int, int] = {}
    total = [0.0]

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield total
    total[0] = float(torch.cuda.max_memory_allocated() if torch.cuda.is_available() else sum(seen.values()))


def chosen_arms(num_arms: int, most: int) -> list[int]:
    """At most so many arms, evenly spread, the first and the last among them."""
    return [int(arm) for arm in np.unique(np.linspace(0, num_arms - 1, min(most, num_arms)).round())]


def profile_suite(
    name: str,
    student: str,
    batch_size: int | None,
    repeats: int,
    arms: int,
    out: Path | None,
    options: dict[str, dict[str, Any]],
) -> None:
    """Prints a row per arm and, with ``out``, writes them as JSON; ``options`` are hyper-parameters by kind.

    Raises:
        UserError: no such suite or student, or a number below 1.
    """
    for what, value in (("batch-size", batch_size), ("repeats", repeats), ("arms", arms)):
        if value is not None and value < 1:
            raise UserError(f"--{what} must be at least 1; got {value}")
    if out is not None and (out.is_dir() or not out.name or not out.parent.is_dir()):
        raise UserError(f"--out must be a file in a folder that is there; got {str(out)!r}")
    if name in RECORDS:
        raise UserError(f"{name} is a suite of record: profile the suite that its preset names (paceline list {name})")
    torch.set_num_threads(1)
    try:
        suite = make_suite(name, options["suite"])
        learner = make_student(student, suite, 1, options["student"])
        learner.reset([0])
        size = batch_size or schedule_of(name).batch_size
        rows = [profile_arm(suite, learner, arm, size, repeats) for arm in chosen_arms(suite.num_arms, arms)]
    except UserError:
        raise
    except Exception as error:  # a component of the user's may raise anything
        raise UserError(f"{name} / {student}: {describe(error)}") from error
    console = Console()
    console.print(f"{name}, {student}, {size} sequences per update, medians of {repeats} in ms, one thread")
    console.print(_table(rows))
    if len(rows) < suite.num_arms:
        console.print(f"{len(rows)} of {suite.num_arms} arms, evenly spread; --arms shows more")
    if out is not None:
        settings = {"suite": name, "student": student, "batch_size": size, "repeats": repeats}
        write_json(out, {**settings, "environment": environment(), "arms": [asdict(row) for row in rows]})


def _table(rows: list[ArmProfile]) -> Table:
    table = Table(box=None, header_style="bold")
    columns: dict[str, list[str]] = {
        "T": [str(row.length) for row in rows],
        "make": [f"{row.generate_ms:.3g}" for row in rows],
        "train": [f"{row.train_ms:.3g}" for row in rows],
        "eval": [f"{row.evaluate_ms:.3g}" for row in rows],
        "tokens/s": [f"{row.tokens_per_second:,.0f}" for row in rows],
        "make/train": [f"{row.generation_share:.1%}" for row in rows],
        "MiB": ["-" if row.memory_mib is None else f"{row.memory_mib:.3g}" for row in rows],
    }
    if any(row.changed is not None for row in rows):
        columns["changed"] = ["-" if row.changed is None else f"{row.changed:.0%}" for row in rows]
    if any(row.coverage is not None for row in rows):
        columns["covered"] = ["-" if row.coverage is None else f"{row.coverage:.0%}" for row in rows]
    table.add_column("arm", overflow="fold", min_width=14)
    for title in columns:
        table.add_column(title, justify="right", no_wrap=True)
    for row, *values in zip(rows, *columns.values(), strict=True):
        table.add_row(row.arm, *values)
    return table
