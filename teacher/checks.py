"""The laws of a teacher. Each law is a function that raises ``AssertionError``; its docstring is the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teacher.loop import FEEDBACK, Feedback, Floats, Teacher
from teacher.randomness import uniforms

MakeTeacher = Callable[[], Teacher]

_ARMS, _FEATURES = 5, 64
_STREAM = 1_000_003  # of the laws' own random numbers, far from any that a teacher draws from


@dataclass(frozen=True, eq=False)
class _Arms:
    """A chain of arms, for the laws; observed by the features that the teacher reads, and by others."""

    num_arms: int
    reads: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        others = (f"feature {i}" for i in range(_FEATURES - len(self.reads)))
        return (*self.reads, *others)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"arm {a}" for a in range(self.num_arms))

    @property
    def targets(self) -> NDArray[np.bool_]:
        return np.ones(self.num_arms, dtype=bool)

    @property
    def levels(self) -> NDArray[np.int64]:
        return np.arange(self.num_arms)

    @property
    def coordinates(self) -> Floats:
        return np.linspace(0, 1, self.num_arms)[:, None]

    @property
    def tasks(self) -> NDArray[np.int64]:
        return np.zeros(self.num_arms, dtype=np.int64)

    @property
    def positions(self) -> NDArray[np.int64]:
        return np.arange(self.num_arms)[:, None]

    @property
    def easier(self) -> NDArray[np.int64]:
        return np.arange(-1, self.num_arms - 1)[:, None]

    @property
    def thresholds(self) -> Floats:
        return np.full(self.num_arms, 0.95)


def _global_stream() -> bytes:
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    assert isinstance(state, dict)
    return bytes(state["state"]["key"].tobytes()) + repr((state["state"]["pos"], state["gauss"])).encode()


def _obs(num_envs: int, num_arms: int) -> NDArray[np.float32]:
    return np.zeros((num_envs, num_arms, _FEATURES), dtype=np.float32)


def _feedback(mixture: Floats, seeds: list[int], step: int, full: bool, worth: Floats | None = None) -> Feedback:
    """One drawn arm per row with a noisy gain in [0, 1], or every arm; rows depend on their own seed alone."""
    num_arms = mixture.shape[1]
    numbers = uniforms(np.array(seeds, dtype=np.uint64), step, 2 * num_arms + 1, _STREAM)
    place = mixture.cumsum(axis=1)
    arm = (numbers[:, :1] * place[:, -1:] >= place).sum(axis=1, keepdims=True)
    mean = np.full(num_arms, 0.5) if worth is None else worth
    gain = np.clip(mean + 0.35 * (numbers[:, 1 : num_arms + 1] - 0.5), 0.0, 1.0)  # a deviation of 0.1
    competence = 0.9 + 0.1 * numbers[:, num_arms + 1 :]
    seen = np.full(mixture.shape, True) if full else np.arange(num_arms) == arm
    return Feedback(gain * seen, (1.0 - gain) * seen, competence * seen, 600 * seen)


def _started(make: MakeTeacher, num_envs: int = 1, seed: int = 0, num_arms: int = _ARMS) -> Teacher:
    teacher = make()
    teacher.reset(_Arms(num_arms, getattr(teacher, "reads", ())), num_envs, seed)
    return teacher


def _live(
    teacher: Teacher, seeds: list[int], steps: range, worth: Floats | None = None, num_arms: int = _ARMS
) -> Floats:
    """Acts and learns; returns the mixtures ``(steps, K, A)``."""
    mixtures, obs = [], _obs(len(seeds), _ARMS)
    for step in steps:
        mixture = teacher.act(obs)
        mixtures.append(mixture.copy())
        teacher.update(obs, mixture, _feedback(mixture, seeds, step, teacher.feedback == "full", worth))
    return np.stack(mixtures)


def _refuses(act: Callable[[], Any], *kinds: type[Exception]) -> bool:
    try:
        act()
    except kinds:
        return True
    return False


def mixture_is_a_distribution(make: MakeTeacher) -> None:
    """Act gives float (K, A); rows are not negative and sum to one."""
    mixtures = _live(_started(make, 3), [0, 1, 2], range(30))
    assert mixtures.shape[1:] == (3, _ARMS), f"the mixture must be (K, A) = (3, {_ARMS}); got {mixtures.shape[1:]}"
    assert np.isfinite(mixtures).all() and (mixtures >= 0).all(), "weights must be finite and not negative"
    worst = np.abs(mixtures.sum(axis=2) - 1).max()
    assert worst < 1e-9, f"rows must sum to one; off by {worst:.2g}"


def refuses_before_reset(make: MakeTeacher) -> None:
    """Act and update before reset raise RuntimeError."""
    mixture = np.full((1, _ARMS), 1 / _ARMS)
    assert _refuses(lambda: make().act(_obs(1, _ARMS)), RuntimeError), "act before reset must raise RuntimeError"
    feedback = _feedback(mixture, [0], 0, False)
    asked = _refuses(lambda: make().update(_obs(1, _ARMS), mixture, feedback), RuntimeError)
    assert asked, "update before reset must raise RuntimeError"


def refuses_bad_feedback(make: MakeTeacher) -> None:
    """A gain that is not finite, feedback of the wrong shape and zero arms raise ValueError."""
    for bad in (np.nan, np.inf):
        teacher = _started(make)
        mixture = teacher.act(_obs(1, _ARMS))
        good = _feedback(mixture, [0], 0, True)
        broken = replace(good, gain=np.where(np.arange(_ARMS) == 1, bad, good.gain))
        refused = _refuses(lambda t=teacher, m=mixture, f=broken: t.update(_obs(1, _ARMS), m, f), ValueError)  # type: ignore[misc]
        assert refused, f"a gain of {bad} must raise ValueError"
    teacher = _started(make)
    mixture = teacher.act(_obs(1, _ARMS))
    whole = _feedback(mixture, [0], 0, True)
    short = Feedback(**{name: getattr(whole, name)[:, 1:] for name in FEEDBACK})
    assert _refuses(lambda: teacher.update(_obs(1, _ARMS), mixture, short), ValueError), (
        "short feedback must be refused"
    )
    assert _refuses(lambda: make().reset(_Arms(0), 1, 0), ValueError), "zero arms must raise ValueError"


def one_arm_works(make: MakeTeacher) -> None:
    """With a single arm the mixture is 1."""
    teacher, obs = _started(make, num_arms=1), _obs(1, 1)
    for step in range(10):
        mixture = teacher.act(obs)
        right = mixture.shape == (1, 1) and np.allclose(mixture, 1.0)
        assert right, f"with one arm the mixture must be [[1]]; got {mixture}"
        teacher.update(obs, mixture, _feedback(mixture, [0], step, teacher.feedback == "full"))


def same_seed_same_decisions(make: MakeTeacher) -> None:
    """The same seed gives the same mixtures, also after another reset of the same teacher."""
    teacher = _started(make, seed=3)
    first = _live(teacher, [0], range(40))
    assert np.array_equal(first, _live(_started(make, seed=3), [0], range(40))), "two teachers of one seed differ"
    teacher.reset(_Arms(_ARMS, getattr(teacher, "reads", ())), 1, 3)
    assert np.array_equal(first, _live(teacher, [0], range(40))), "reset did not start anew"


def the_seed_is_used_as_given(make: MakeTeacher) -> None:
    """Seed 0 is a seed like any other, its row k is seed k; a teacher that draws decides otherwise with every seed."""

    def decided(seed: int, num_envs: int = 1, steps: int = 80) -> Floats:
        return _live(_started(make, num_envs, seed), [0] * num_envs, range(steps))  # the same feedback for every seed

    def differ(one: Floats, other: Floats) -> bool:
        return bool(np.abs(one - other).max() > 1e-9)

    alone = [decided(seed) for seed in range(4)]
    assert np.array_equal(alone[0], decided(0)), "two runs with seed 0 differ: is it taken for no seed?"
    together = decided(0, 4)
    for k in range(4):
        same = not differ(together[:, k], alone[k][:, 0])
        assert same, f"row {k} of a reset with seed 0 is not the run with seed {k}"
    alike = [(i, j) for j in range(4) for i in range(j) if not differ(alone[i], alone[j])]
    if len(alike) < 6:  # it draws; by seldom draws two seeds may agree for a while
        alike = [(i, j) for i, j in alike if not differ(decided(i, steps=1000), decided(j, steps=1000))]
        said = ", ".join(f"{i} and {j}" for i, j in alike)
        assert not alike, f"it draws at random, yet decides the same with the seeds {said}"


def rows_are_independent(make: MakeTeacher) -> None:
    """Row k of K equals the single run with seed + k."""
    together = _live(_started(make, 3, seed=7), [7, 8, 9], range(60))
    for k in range(3):
        alone = _live(_started(make, 1, seed=7 + k), [7 + k], range(60))
        worst = np.abs(together[:, k] - alone[:, 0]).max()
        assert worst < 1e-9, f"row {k} of 3 differs from the single run by {worst:.2g}"


def stop_and_resume_is_exact(make: MakeTeacher) -> None:
    """A new teacher that loads state_dict decides bit for bit as the one that was never stopped; states are copies."""
    teacher = _started(make, 2)
    _live(teacher, [0, 1], range(30))
    state = teacher.state_dict()
    on = _live(teacher, [0, 1], range(30, 60))
    resumed = _started(make, 2)
    resumed.load_state_dict(state)
    assert np.array_equal(on, _live(resumed, [0, 1], range(30, 60))), (
        "resumed decisions differ, or the state is no copy"
    )


def unobserved_arms_are_ignored(make: MakeTeacher) -> None:
    """Entries of arms with count zero change nothing."""
    clean, dirty = _started(make), _started(make)
    for step in range(40):
        mixture = clean.act(_obs(1, _ARMS))
        assert np.array_equal(mixture, dirty.act(_obs(1, _ARMS))), "values of an arm with count zero were used"
        feedback = _feedback(mixture, [0], step, False)
        clean.update(_obs(1, _ARMS), mixture, feedback)
        seen = feedback.count > 0
        noise = {name: np.where(seen, getattr(feedback, name), 0.7) for name in ("gain", "loss", "competence")}
        dirty.update(_obs(1, _ARMS), mixture, replace(feedback, **noise))


def inputs_are_left_alone(make: MakeTeacher) -> None:
    """Act and update change none of their arguments, and act returns an array of its own."""
    teacher = _started(make)
    obs = _obs(1, _ARMS)
    for step in range(5):
        mixture = teacher.act(obs)
        feedback = _feedback(mixture, [0], step, teacher.feedback == "full")
        given = (obs, mixture, *(getattr(feedback, name) for name in FEEDBACK))
        kept = [value.copy() for value in given]
        teacher.update(obs, mixture, feedback)
        teacher.act(obs)
        same = all(np.array_equal(a, b) for a, b in zip(kept, given, strict=True))
        assert same, "an argument, or a mixture returned earlier, was changed"


def global_generator_untouched(make: MakeTeacher) -> None:
    """Numpy's global generator is neither used nor seeded."""
    kept = np.random.get_state(legacy=False)  # noqa: NPY002
    np.random.seed(20_191_027)  # noqa: NPY002  (a generator seeded with 0 before would hide one seeded with 0 again)
    before = _global_stream()
    try:
        _live(_started(make), [0], range(5))
        assert _global_stream() == before, "numpy's global generator moved"
    finally:
        np.random.set_state(kept)  # noqa: NPY002


def finds_the_best_arm(make: MakeTeacher) -> None:
    """For teachers that learn from gains: on a stationary bandit the best arm ends with the largest weight."""
    worth = np.array([0.2, 0.3, 0.8, 0.3, 0.2])
    mixtures = _live(_started(make, 2), [0, 1], range(2000), worth)
    late = mixtures[-200:].mean(axis=(0, 1))
    assert late.argmax() == 2 and late[2] > 2 / _ARMS, (
        f"after 2000 decisions the arm of gain 0.8 (others 0.2-0.3) must exceed {2 / _ARMS}; got {late.round(3)}"
    )


TEACHER_LAWS: tuple[Callable[[MakeTeacher], None], ...] = (
    mixture_is_a_distribution,
    refuses_before_reset,
    refuses_bad_feedback,
    one_arm_works,
    same_seed_same_decisions,
    the_seed_is_used_as_given,
    rows_are_independent,
    stop_and_resume_is_exact,
    unobserved_arms_are_ignored,
    inputs_are_left_alone,
    global_generator_untouched,
)


def check_teacher(make_teacher: MakeTeacher, learns: bool) -> None:
    """Checks every law of a teacher.

    Args:
        make_teacher: makes one.
        learns: whether it learns from gains within a lifetime (bandits do, schedules do not): it must then find the
            best arm of a stationary bandit.

    Raises:
        AssertionError: names the first broken law, what was expected and what came.
    """
    for law in (*TEACHER_LAWS, finds_the_best_arm) if learns else TEACHER_LAWS:
        try:
            law(make_teacher)
        except AssertionError as error:
            raise AssertionError(f"{law.__name__}: {error}") from error
