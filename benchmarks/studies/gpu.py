"""What a GPU changes: the laws of a student on it, agreement with the CPU, kill and resume, and how much faster it is.

``python -m benchmarks.studies.gpu --out FILE`` (``make check-gpu``) ends with 1 if anything does not hold. Where there
is no GPU it says so and ends with 2; ``--device cpu`` tries the script itself. Speeds are ratios within one run, blocks
alternating.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from rich.table import Table

from benchmarks.provenance import environment
from benchmarks.settings import make_student, make_suite
from benchmarks.store import UserError, describe, write_json
from benchmarks.terminal import Console, from_command_line, guarded
from envs import Batch, Split, Student, Suite, stack
from envs.batch import Floats
from envs.checks import STUDENT_LAWS

STUDENTS = ("rnn", "lstm", "gru", "transformer", "mingru", "tcn")
SPEEDS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("lstm", {"width": 128}, 128),
    ("lstm", {"width": 512}, 512),
    ("transformer", {"width": 64}, 128),
    ("transformer", {"width": 256, "num_layers": 4}, 512),
    ("mingru", {"width": 128}, 128),
    ("mingru", {"width": 512}, 512),
    ("tcn", {"width": 128}, 128),
)
TOLERANCE = 1e-3  # nats: of the loss after thirty steps from the same weights in float32, TF32 off
TOLERANCE_BFLOAT16 = 0.1  # .. and of its mean over the last ten of them, in bfloat16 against float32
STEPS = 30


def _batches(suite: Suite, count: int, batch_size: int) -> list[Batch]:
    return [stack([suite.batch(i % suite.num_arms, i, 0, Split.TRAIN, batch_size)]) for i in range(count)]


def _losses(student: Student, batches: list[Batch]) -> Floats:
    student.reset([0])
    return np.array([student.train(batch).loss.mean() for batch in batches])


def laws(name: str, suite: Suite, device: str) -> dict[str, str]:
    """The laws that a student breaks on the device, each with why."""
    broken = {}
    for law in STUDENT_LAWS:
        try:
            law(lambda k: make_student(name, suite, k, {"device": device}), suite)
        except Exception as error:  # whatever it was, the law does not hold
            broken[law.__name__] = f"{type(error).__name__}: {error}"
    return broken


def agreement(name: str, suite: Suite, device: str) -> dict[str, Any]:
    """Distance of the losses from the CPU's over ``STEPS`` steps from the same weights, and from a second time."""
    batches = _batches(suite, STEPS, 32)
    cpu, first, again = (
        _losses(make_student(name, suite, 1, {"device": where}), batches) for where in ("cpu", device, device)
    )
    low = _losses(make_student(name, suite, 1, {"device": device, "precision": "bfloat16"}), batches)
    return {
        "first_step_nats": float(abs(cpu[0] - first[0])),
        "last_step_nats": float(abs(cpu[-1] - first[-1])),
        "repeats_bit_for_bit": bool(np.array_equal(first, again)),
        "bfloat16_nats": float(abs(low[-10:].mean() - first[-10:].mean())),
    }


def moved(name: str, suite: Suite, device: str) -> dict[str, float]:
    """Distance in nats, right after a checkpoint of one device is loaded on the other, both ways."""
    batches, far = _batches(suite, 6, 32), {}
    for here, there in (("cpu", device), (device, "cpu")):
        home, away = (make_student(name, suite, 1, {"device": where}) for where in (here, there))
        home.reset([0])
        for batch in batches[:5]:
            home.train(batch)
        away.load_state_dict(home.state_dict())
        gap = abs(home.train(batches[5]).loss.mean() - away.train(batches[5]).loss.mean())
        far[f"{here} to {there}"] = float(gap)
    return far


def killed(device: str, seconds: float, budget: int = 1500) -> dict[str, Any]:
    """A lifetime on the device is killed after some seconds and goes on; its trace against an uninterrupted one's."""
    command = [
        "run",
        "addition-small",
        "--teacher",
        "exp3s",
        "--student",
        "lstm",
        "--signal",
        "PG",
        "--budget",
        f"{budget}",
    ]
    command = [sys.executable, "-m", "benchmarks", *command, "--lstm.device", device, "--checkpoint-every", "5"]
    command += ["--wandb", "disabled", "--out"]
    with tempfile.TemporaryDirectory() as root:
        whole, cut = Path(root, "whole"), Path(root, "cut")
        subprocess.run([*command, str(whole)], check=True, capture_output=True)
        first = subprocess.Popen([*command, str(cut)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        start = time.monotonic()
        while not list(cut.rglob("checkpoint*")) and time.monotonic() - start < 120 and first.poll() is None:
            time.sleep(0.05)
        time.sleep(seconds)
        ended = first.poll() is not None
        first.kill()
        first.wait()
        subprocess.run([*command, str(cut)], check=True, capture_output=True)
        traces = [pl.read_parquet(next(folder.rglob("trace.parquet"))) for folder in (whole, cut)]
    same = [column for column in traces[0].columns if not column.startswith("seconds")]
    return {"killed_midway": not ended, "same_trace": traces[0].select(same).equals(traces[1].select(same))}


def speed(
    name: str, options: dict[str, Any], batch_size: int, suite: Suite, device: str, blocks: int
) -> dict[str, Any]:
    """Updates per second on the CPU (one thread) and on the device, and the median of the paired ratios."""
    batches = _batches(suite, 10, batch_size)
    students = {where: make_student(name, suite, 1, {**options, "device": where}) for where in ("cpu", device)}
    spent: dict[str, list[float]] = {where: [] for where in students}
    for student in students.values():
        _losses(student, batches[:2])
    for _ in range(blocks):
        for where, student in students.items():
            start = time.perf_counter()
            for batch in batches:  # scores are fetched after each step, which waits for the device
                student.train(batch)
            spent[where].append(time.perf_counter() - start)
    ratios = np.array(spent["cpu"]) / np.array(spent[device])
    rates = {f"{where.split(':')[0]}_updates_per_second": float(10 / np.median(spent[where])) for where in students}
    return {**rates, "times_as_fast": float(np.median(ratios))}


@dataclass(frozen=True)
class Options:
    """What is measured, and where."""

    device: str = "cuda"
    """The device that is held against the CPU."""
    students: tuple[str, ...] = STUDENTS
    """Students whose laws and agreement are checked."""
    blocks: int = 5
    """Blocks of ten updates per speed; 0: none."""
    kill_after: float = 1.0
    """Seconds after the first checkpoint at which a lifetime is killed; negative: none is."""
    out: Path | None = None
    """JSON file for the figures."""


def measure(options: Options) -> dict[str, Any]:
    """All figures."""
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False  # recurrent layers and convolutions; matrix products do not use it anyway
    suite, device = make_suite("addition", {"digits": 3}), options.device
    figures: dict[str, Any] = {"students": {}, "speed": {}}
    for name in options.students:
        found = {"broken_laws": laws(name, suite, device), **agreement(name, suite, device)}
        figures["students"][name] = {**found, "moved_nats": moved(name, suite, device)}
    if options.kill_after >= 0:
        figures["killed"] = killed(device, options.kill_after)
    torch.backends.cudnn.allow_tf32 = True
    for name, sizes, batch_size in SPEEDS if options.blocks else ():
        text = ", ".join(f"{field} {value}" for field, value in sizes.items())
        found = speed(name, sizes, batch_size, suite, device, options.blocks)
        figures["speed"][f"{name}, {text}, batch {batch_size}"] = found
    return figures


def faults(figures: dict[str, Any]) -> list[str]:
    """What does not hold, in words."""
    found = []
    for name, held in figures["students"].items():
        found += [f"{name}: {law}: {why}" for law, why in held["broken_laws"].items()]
        if not held["repeats_bit_for_bit"]:
            found.append(f"{name}: a second time differs from the first")
        for key, most in (("last_step_nats", TOLERANCE), ("bfloat16_nats", TOLERANCE_BFLOAT16)):
            if not held[key] <= most:
                found.append(f"{name}: {key} is {held[key]:.2g}, above {most}")
        found += [
            f"{name}: moved {way} it is {gap:.2g} nats off"
            for way, gap in held["moved_nats"].items()
            if not gap <= TOLERANCE
        ]
    killed = figures.get("killed", {"same_trace": True, "killed_midway": True})
    if not killed["killed_midway"]:
        found.append(
            "the lifetime that was to be killed had ended before, which shows nothing: give a smaller --kill-after"
        )
    if not killed["same_trace"]:
        found.append("a lifetime that was killed and went on differs from one that was not")
    return found


def main() -> None:
    """Measures, prints, writes; 1 if something does not hold."""
    options = from_command_line(Options, "python -m benchmarks.studies.gpu")
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        raise UserError(f"no GPU here (torch {torch.__version__}): device must be one that torch sees, or cpu")
    try:
        torch.empty(1, device=options.device)
    except (RuntimeError, AssertionError) as error:  # of torch, for a name or a number that it does not know
        raise UserError(f"--device {options.device} is none that torch has here: {describe(error)}") from error
    figures = measure(options)
    console = Console()
    table = Table(
        "student", "first step", "step 30", "bfloat16", "repeats", "laws broken", box=None, header_style="bold"
    )
    for name, held in figures["students"].items():
        nats = [f"{held[key]:.1e}" for key in ("first_step_nats", "last_step_nats", "bfloat16_nats")]
        table.add_row(name, *nats, str(held["repeats_bit_for_bit"]), str(len(held["broken_laws"])))
    console.print(table)
    for what, found in figures["speed"].items():
        console.print(f"{what}: {found['times_as_fast']:.2f} times as fast as one CPU thread")
    wrong = faults(figures)
    for line in wrong or ["all holds"]:
        console.print(line, markup=False)
    if options.out is not None:
        name = torch.cuda.get_device_name(options.device) if options.device.startswith("cuda") else "CPU"
        settings = {key: value for key, value in dataclasses.asdict(options).items() if key != "out"}
        about = {"date": time.strftime("%Y-%m-%d"), "device": name, "environment": environment()}
        command = f"python -m benchmarks.studies.gpu --out {options.out}"
        write_json(
            options.out, {"command": command, "settings": settings, **about, "faults": wrong, "figures": figures}
        )
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(guarded(main))
