"""``paceline meta-train``: PPO over many lifetimes, checkpointed, resumable bit for bit, judged as deployed."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.flags import defaults_of
from benchmarks.meta.controls import ShuffledReward
from benchmarks.meta.folder import listed, prepare, refuse_foreign_folder
from benchmarks.meta.judging import refuse_unfit, taught
from benchmarks.meta.real import RealStudents
from benchmarks.meta.simulation import held_out, teach_with_network
from benchmarks.provenance import environment
from benchmarks.settings import make_student, make_suite, schedule_of
from benchmarks.store import (
    UserError,
    describe,
    drop_checkpoint,
    keep_checkpoint,
    last_good_checkpoint,
    only_writer,
    read_json,
    write_json,
)
from benchmarks.terminal import say
from benchmarks.tracking import Mode, RunCurve, refuse_missing_wandb
from benchmarks.workers import one_thread
from envs import CurriculumVectorEnv
from envs.features import ARM_FEATURES, LEAST
from envs.simulated import Population, SimulatedStudents
from teacher.learned.files import CARD, WEIGHTS, load_policy, save_policy
from teacher.learned.rule import as_target_deficit
from teacher.learned.settings import PPOSettings

_NEIGHBOURS = ("easier_attained", "harder_attained", "has_harder", "log_reach", "difficulty")

_JUDGE = ("judge_suites", "judge_student", "judge_budget")
_REAL = "real_"  # a suite's cost in the log


@dataclass(frozen=True)
class MetaTrain:
    """Trains a teacher over many lifetimes, of simulated students or of real ones."""

    out: Path = Path("runs/teacher")
    """Folder of the teacher. An unfinished one is continued, bit for bit."""
    seed: int = 0
    """Seed of everything random."""
    decisions: int = 6_000_000
    """Decisions to learn from, in all."""
    students: str = "simulated"
    """simulated, or a real student's name: --num-envs of them learn in lockstep, one suite after another."""
    suites: str = "copy"
    """Suites of real students, separated by commas; each lifetime lasts the suite's budget."""
    budget: int | None = None
    """Updates in a lifetime of real students; default: each suite's."""
    start_from: Path | None = None
    """A teacher's folder: its network is trained on (fine-tuning); its critic starts anew."""
    start: Literal["uniform", "target-deficit"] = "uniform"
    """The rule that the untrained network is."""
    num_envs: int = 256
    """Lifetimes at a time (real students: each is trained in turn, so take few)."""
    reads: Literal["all", "no-neighbours"] = "all"
    """Features that the policy reads: all, or none that tells of an order of difficulty."""
    reward: Literal["competence", "progress", "terminal", "shuffled"] = "competence"
    """competence: the gain in the targets' mean competence minus a time cost; progress: the change of what training
    shows; terminal: -log(t / budget) once, at mastery; shuffled: competence, each row's to another (a control)."""
    time_cost: float = 1.0
    """Cost of the whole budget."""
    evaluate_every: int = 1_000_000
    """Decisions between two evaluations on held-out simulated students."""
    held_out: int = 256
    """Lifetimes of an evaluation."""
    judge_suites: str = ""
    """Suites that each evaluation also teaches to a real student, one lifetime each, separated by commas."""
    judge_student: str = "lstm"
    """.. that student's name."""
    judge_budget: int | None = None
    """.. its updates; default: each suite's."""
    checkpoint_seconds: float = 20.0
    """Seconds between two checkpoints."""
    wandb: Mode = "offline"
    """Weights & Biases: offline (`wandb sync` later), online, or disabled."""
    project: str = "paceline"
    """W&B project."""
    overwrite: bool = False
    """Delete the teacher that the folder holds and start anew."""
    ppo: PPOSettings = field(default_factory=PPOSettings)
    """Of PPO and the network."""
    population: Population = field(default_factory=Population)
    """What simulated students are drawn from."""

    def execute(self) -> None:
        """Trains, or goes on."""
        meta_train(self)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that the policy reads."""
        left_out = _NEIGHBOURS if self.reads == "no-neighbours" else ()
        return tuple(name for name in ARM_FEATURES if name not in left_out)

    @property
    def judged_suites(self) -> tuple[str, ...]:
        """Names of the suites that evaluations teach to real students."""
        return tuple(name for name in self.judge_suites.split(",") if name)


def meta_train(settings: MetaTrain) -> Path:
    """Trains into ``settings.out``; a finished teacher is left alone.

    Raises:
        UserError: settings out of range, a folder of something else, a full disk.
    """
    for name in ("decisions", "num_envs", "evaluate_every", "held_out"):
        if getattr(settings, name) < 1:
            raise UserError(f"{name} must be at least 1; got {getattr(settings, name)}")
    if not settings.checkpoint_seconds >= 0:
        raise UserError(f"checkpoint_seconds must not be negative; got {settings.checkpoint_seconds}")
    if settings.start_from is not None and settings.start != "uniform":
        raise UserError(f"--start-from goes on from a teacher, --start {settings.start} from a rule: give one")
    if settings.start_from is not None and settings.start_from.resolve() == settings.out.resolve():
        raise UserError(f"start_from must be another folder than out, which it would replace; got {settings.out}")
    if settings.seed < 0:
        raise UserError(f"seed must not be negative; got {settings.seed}")
    if settings.seed >= 2**32:  # numpy's global generator takes no more
        raise UserError(f"seed must be below 2^32; got {settings.seed}")
    refuse_unfit(settings.judge_student, settings.judged_suites, settings.judge_budget)
    refuse_missing_wandb(settings.wandb)
    out = settings.out
    refuse_foreign_folder(out)
    plain = _plain(settings)  # what cannot be is refused before anything is written or deleted
    training = _Training(settings) if settings.overwrite or not (out / CARD).exists() else None
    with only_writer(out), one_thread():
        prepare(out, plain, settings.overwrite)
        if training is not None:
            training.run()
    say(f"teacher: {out} (paceline bench SUITE --teachers uniform,general --general.path {out})")
    return out


def _plain(settings: MetaTrain) -> dict[str, Any]:
    plain = dataclasses.asdict(settings)
    for name in ("out", "overwrite", "checkpoint_seconds", "wandb", "project", *_JUDGE):  # what changes no weight
        del plain[name]
    if settings.start_from is not None:
        plain["start_from"] = _refusing(lambda: load_policy(str(settings.start_from))).fingerprint
    return plain


def _refusing(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ValueError as error:
        raise UserError(describe(error)) from error


def _environment(settings: MetaTrain) -> Any:
    """The students that are learned from."""
    kind = "competence" if settings.reward == "shuffled" else settings.reward
    if settings.students == "simulated":
        return SimulatedStudents(
            settings.num_envs,
            settings.population,
            reward=kind,
            time_cost=settings.time_cost,
            updates_per_decision=None,  # the policy's draws are the decision's
        )
    if kind == "terminal":
        raise UserError("reward terminal is of simulated students: real ones have competence or progress")
    environments = []
    for name in settings.suites.split(","):
        schedule, suite = schedule_of(name), make_suite(name, defaults_of("suite", name))
        budget = schedule.budget if settings.budget is None else settings.budget
        student = make_student(
            settings.students, suite, settings.num_envs, defaults_of("student", settings.students), budget
        )
        environments.append(
            CurriculumVectorEnv(
                suite,
                student,
                budget=budget,
                updates_per_decision=schedule.updates_per_decision,
                batch_size=schedule.batch_size,
                reward=kind,
                time_cost=settings.time_cost,
            )
        )
    return RealStudents(environments)


class _Training:
    """A running meta-training: what its checkpoint holds."""

    def __init__(self, settings: MetaTrain):
        from teacher.learned.training import MetaTraining  # with stable-baselines3: seconds to import

        self.settings, self.out = settings, settings.out
        env = _refusing(lambda: _environment(settings))
        offered = env.feature_names
        if settings.reward == "shuffled":
            env = _refusing(lambda: ShuffledReward(env))
        self.training = _refusing(
            lambda: MetaTraining(env, offered, settings.features, settings.seed, settings.decisions, settings.ppo)
        )
        if settings.start_from is not None:
            known = _refusing(lambda: load_policy(str(settings.start_from)))
            _refusing(lambda: self.training.start_from(known))
        elif settings.start == "target-deficit":
            rule = _refusing(lambda: as_target_deficit(self.training.weights(), settings.features, LEAST))
            self.training.load_weights(rule)
        self.judged_on = held_out(0, settings.held_out, settings.population)  # the same for every seed
        self.rows: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.checkpoint = self.out / "checkpoint.safetensors"

    def run(self) -> None:
        """Trains to the end, or goes on to it; the log is closed whatever happens."""
        record = read_json(self.out / "settings.json")
        curve = RunCurve(self.settings.wandb, self.settings.project, "meta-train", "decisions")
        curve.start(
            self.out.name, record["id"], {**record["meta_train"], "environment": record["environment"]}, self.out
        )
        try:
            self._train(curve)
            curve.finish(self.rows[-1], [self.out / CARD, self.out / WEIGHTS])
        finally:
            curve.close()

    def _train(self, curve: RunCurve) -> None:
        state = last_good_checkpoint(self.checkpoint)
        if state is not None:
            self.training.load_state_dict(state["training"])
            self.rows, self.seconds = state["rows"], state["seconds"]
        every = self.settings.evaluate_every
        since = saved = time.monotonic()
        for rollout in self.training.run():
            now = time.monotonic()
            self.seconds, since = self.seconds + now - since, now
            judged = self.rows[-1]["decisions"] if self.rows else 0
            if rollout.decisions // every > judged // every or rollout.decisions >= self.settings.decisions:
                row = {
                    "decisions": rollout.decisions,
                    "seconds": round(self.seconds, 1),
                    "mean_return": rollout.mean_return if rollout.num_lifetimes else None,
                    **self._judge(rollout.decisions),
                    **{name: value for name, value in rollout.logged.items() if math.isfinite(value)},
                }
                self.rows.append(row)
                curve.log(row)
                say(
                    f"{row['decisions']:,} of {self.settings.decisions:,} decisions, {self.seconds:.0f} s: cost "
                    f"{row['cost']:.3f} of the budget, {row['solved']:.0%} mastered (held-out simulated students)"
                    + "".join(f"; {name} {row[_REAL + name]:.2f}" for name in self.settings.judged_suites)
                )
                write_json(self.out / "progress.json", self.rows)
                since = time.monotonic()  # the evaluation is no training
            if time.monotonic() - saved >= self.settings.checkpoint_seconds:
                state = {"training": self.training.state_dict(), "rows": self.rows, "seconds": self.seconds}
                keep_checkpoint(self.checkpoint, state)
                saved = time.monotonic()
        self._finish()

    def _judge(self, decisions: int) -> dict[str, float]:
        settings, weights = self.settings, self.training.weights()
        simulated = teach_with_network(weights, settings.features, self.judged_on).summary()
        if not settings.judged_suites:
            return simulated
        folder = self.out / "judged" / str(decisions)
        real = taught(
            weights, settings.features, settings.judge_student, settings.judged_suites, settings.judge_budget, folder
        )
        return {**simulated, **{_REAL + name: cost for name, cost in real.items()}}

    def _finish(self) -> None:
        card = {
            "name": self.out.name,
            "training": listed(_plain(self.settings)),
            "seconds": round(self.seconds, 1),
            "held_out_real": {k.removeprefix(_REAL): v for k, v in self.rows[-1].items() if k.startswith(_REAL)},
            "held_out_simulated": {k: self.rows[-1][k] for k in self.rows[-1] if k.startswith(("cost", "solved"))},
            "environment": environment(),
        }
        save_policy(self.out, self.training.weights(), self.settings.features, card)
        drop_checkpoint(self.checkpoint)
