"""The laws of a student. Each law is a function that raises ``AssertionError``; its docstring is the law."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from envs.batch import IGNORE, Batch, Scores, stack
from envs.checks.task import watched_stream
from envs.learner import Student
from envs.suite import Split, Suite

MakeStudent = Callable[[int], Student]
"""Makes a student of that many learners."""

_SEQUENCES = 16


def _batch(suite: Suite, num_learners: int, index: int = 0) -> Batch:
    """A small batch of a different arm each time, other data for each learner."""
    arm = index % suite.num_arms
    return stack([suite.batch(arm, index, 1000 + k, Split.TRAIN, _SEQUENCES) for k in range(num_learners)])


def _fresh(make: MakeStudent, seeds: Sequence[int]) -> Student:
    student = make(len(seeds))
    student.reset(list(seeds))
    return student


def _lifetime(student: Student, suite: Suite, steps: range) -> list[Scores]:
    return [student.train(_batch(suite, student.num_learners, i)) for i in steps]


def _leaves(state: Any) -> list[Any]:
    """The arrays and values of a nested state, in order."""
    if isinstance(state, dict):
        return [leaf for key in sorted(state, key=str) for leaf in _leaves(state[key])]
    if isinstance(state, list | tuple):
        return [leaf for item in state for leaf in _leaves(item)]
    return [np.array(state.detach().cpu().numpy() if hasattr(state, "detach") else state)]


def _equal(a: Any, b: Any) -> bool:
    pairs = zip(_leaves(a), _leaves(b), strict=False)
    return len(_leaves(a)) == len(_leaves(b)) and all(np.array_equal(x, y) for x, y in pairs)


def _same(a: Sequence[Scores], b: Sequence[Scores]) -> bool:
    return all(
        np.array_equal(x.loss, y.loss)
        and np.array_equal(x.token_accuracy, y.token_accuracy)
        and np.array_equal(x.sequence_accuracy, y.sequence_accuracy)
        for x, y in zip(a, b, strict=True)
    )


def scores_have_the_right_shape(make: MakeStudent, suite: Suite) -> None:
    """Scores are finite, (K, B), accuracies in [0, 1]; train gives the gradient norm (K,), evaluate none."""
    student = _fresh(make, [1, 2])
    batch = _batch(suite, 2)
    trained, evaluated = student.train(batch), student.evaluate(batch)
    for scores in (trained, evaluated):
        for name in ("loss", "token_accuracy", "sequence_accuracy"):
            value = getattr(scores, name)
            assert np.shape(value) == (2, _SEQUENCES), (
                f"{name} must be (K, B) = (2, {_SEQUENCES}); got {np.shape(value)}"
            )
            assert np.isfinite(value).all(), f"{name} must be finite"
            bounded = name == "loss" or ((value >= 0).all() and (value <= 1).all())
            assert bounded, f"{name} must be in [0, 1]; got {value.min()} to {value.max()}"
    norm = trained.gradient_norm
    assert norm is not None and np.shape(norm) == (2,), "train must return the gradient norm of each learner, (K,)"
    assert evaluated.gradient_norm is None, "evaluate must return no gradient norm"


def evaluate_has_no_side_effect(make: MakeStudent, suite: Suite) -> None:
    """Evaluating changes nothing: not the state, nor what training does next (modes, buffers, random streams)."""
    plain, evaluated = _fresh(make, [1]), _fresh(make, [1])
    for step in range(3):
        before = evaluated.state_dict()
        evaluated.evaluate(_batch(suite, 1, 77))
        assert _equal(before, evaluated.state_dict()), "evaluate changed state_dict()"
        batch = _batch(suite, 1, step)
        same = _same([plain.train(batch)], [evaluated.train(batch)])
        assert same, "training after evaluate differs from training without it (train/eval mode or random stream?)"


def train_scores_before_the_step(make: MakeStudent, suite: Suite) -> None:
    """The scores that train returns are those before its step, on the same batch."""
    student = _fresh(make, [1])
    to_before = to_after = 0.0
    for step in range(12):
        batch = _batch(suite, 1, step % 2)
        before = student.evaluate(batch).loss.mean()
        trained = student.train(batch).loss.mean()
        after = student.evaluate(batch).loss.mean()
        to_before, to_after = to_before + abs(trained - before), to_after + abs(trained - after)
    # With dropout a training forward differs from an evaluation, so it need only be nearer to the one before.
    assert to_before <= 1e-4 or to_before < to_after, "train returned scores nearer to those after its step than before"


def same_seed_same_lifetime(make: MakeStudent, suite: Suite) -> None:
    """The same seed gives the same lifetime, bit for bit, in a new student and after another reset."""
    student = _fresh(make, [5])
    first = _lifetime(student, suite, range(4))
    assert _same(first, _lifetime(_fresh(make, [5]), suite, range(4))), "two students of one seed differ"
    student.reset([5])
    assert _same(first, _lifetime(student, suite, range(4))), "reset with the same seed did not start anew"


def other_seed_other_lifetime(make: MakeStudent, suite: Suite) -> None:
    """The seed is used: another seed gives other weights."""
    batch = _batch(suite, 1)
    a, b = _fresh(make, [0]).evaluate(batch), _fresh(make, [1]).evaluate(batch)
    assert not _same([a], [b]), "seeds 0 and 1 gave equal students: initialise from the seed (0 is a seed too)"


def global_generators_untouched(make: MakeStudent, suite: Suite) -> None:
    """The global random streams of numpy and torch are neither moved nor seeded."""
    torch = sys.modules.get("torch")
    kept = None if torch is None else torch.random.get_rng_state()
    if torch is not None:
        torch.rand(7)  # an odd state: a stream seeded with 0 before would hide one seeded with 0 again
    before = None if torch is None else torch.random.get_rng_state()
    try:
        with watched_stream() as untouched:
            student = _fresh(make, [1])
            _lifetime(student, suite, range(2))
            student.evaluate(_batch(suite, 1))
            same = untouched() and (torch is None or torch.equal(before, torch.random.get_rng_state()))
            assert same, "a global random stream moved: fork it, or use a generator of your own"
    finally:
        if torch is not None:
            torch.random.set_rng_state(kept)


def learners_are_independent(make: MakeStudent, suite: Suite) -> None:
    """Learner k of a cohort equals the single learner with its seed (within 1e-5)."""
    seeds = [3, 4, 5]
    together = _lifetime(_fresh(make, seeds), suite, range(4))
    for k, seed in enumerate(seeds):
        alone = _fresh(make, [seed])
        for step, scores in enumerate(together):
            own = _batch(suite, 3, step).learner(k)
            single = alone.train(stack([own])).loss[0]
            worst = np.abs(single - scores.loss[k]).max()
            assert worst <= 1e-5, f"learner {k} differs from a single one by {worst:.2g} nats at step {step}"


def state_is_a_copy(make: MakeStudent, suite: Suite) -> None:
    """A state taken earlier does not change when training goes on, nor does loading tie two students together."""
    student = _fresh(make, [1])
    _lifetime(student, suite, range(2))
    state = student.state_dict()
    kept = [leaf.copy() for leaf in _leaves(state)]
    _lifetime(student, suite, range(2, 4))
    assert _equal(kept, state), "training changed a state_dict taken before it: return a copy"
    student.load_state_dict(state)
    _lifetime(student, suite, range(2, 4))
    assert _equal(kept, state), "training changed the state_dict that was loaded: load a copy"


def stop_and_resume_is_exact(make: MakeStudent, suite: Suite) -> None:
    """A new student that loads state_dict goes on bit for bit as the one that was never stopped."""
    student = _fresh(make, [1, 2])
    _lifetime(student, suite, range(3))
    state = student.state_dict()
    on = _lifetime(student, suite, range(3, 6))
    resumed = make(2)
    resumed.load_state_dict(state)
    same = _same(on, _lifetime(resumed, suite, range(3, 6))) and _equal(student.state_dict(), resumed.state_dict())
    assert same, "resumed training differs: state_dict must hold weights, optimiser, schedules and random streams"


def no_leak_from_the_future(make: MakeStudent, suite: Suite) -> None:
    """The loss at a position does not depend on tokens after it (they hold the answers)."""
    student = _fresh(make, [1])
    batch = suite.batch(suite.num_arms - 1, 0, 0, Split.TRAIN, _SEQUENCES)
    length = batch.tokens.shape[1]
    other = np.random.default_rng(0).integers(0, suite.vocab_size, batch.tokens.shape)
    for position in (0, length // 2, length - 2):
        targets = np.full_like(batch.targets, IGNORE)
        targets[:, position] = np.where(batch.targets[:, position] == IGNORE, 0, batch.targets[:, position])
        changed = np.where(np.arange(length) > position, other, batch.tokens)
        a, b = (student.evaluate(stack([Batch(t, targets, batch.arms)])).loss for t in (batch.tokens, changed))
        worst = np.abs(a - b).max()
        assert worst <= 1e-4, f"later tokens change the loss at position {position} by {worst:.2g} nats: be causal"


def padding_changes_nothing(make: MakeStudent, suite: Suite) -> None:
    """Columns of padding on the right, without targets, leave the scores as they are (within 1e-4)."""
    student = _fresh(make, [1])
    batch = suite.batch(0, 0, 0, Split.TRAIN, _SEQUENCES)
    padded = Batch(
        np.pad(batch.tokens, ((0, 0), (0, 3))),
        np.pad(batch.targets, ((0, 0), (0, 3)), constant_values=IGNORE),
        batch.arms,
    )
    worst = np.abs(student.evaluate(stack([batch])).loss - student.evaluate(stack([padded])).loss).max()
    assert worst <= 1e-4, f"three columns of padding change the loss by {worst:.2g} nats: IGNORE marks no loss"


def training_lowers_the_loss(make: MakeStudent, suite: Suite) -> None:
    """Sixty steps on one and the same batch lower its loss."""
    student = _fresh(make, [1])
    batch = _batch(suite, 1)
    before = student.evaluate(batch).loss.mean()
    for _ in range(60):
        student.train(batch)
    after = student.evaluate(batch).loss.mean()
    assert after < before, f"the loss went from {before:.4f} to {after:.4f} nats: does the optimiser step?"


STUDENT_LAWS: tuple[Callable[[MakeStudent, Suite], None], ...] = (
    scores_have_the_right_shape,
    evaluate_has_no_side_effect,
    train_scores_before_the_step,
    same_seed_same_lifetime,
    other_seed_other_lifetime,
    global_generators_untouched,
    learners_are_independent,
    state_is_a_copy,
    stop_and_resume_is_exact,
    no_leak_from_the_future,
    padding_changes_nothing,
    training_lowers_the_loss,
)


def check_student(make_student: MakeStudent, suite: Suite) -> None:
    """Checks every law of a student on small batches of a suite.

    Args:
        make_student: makes a student of that many learners.
        suite: what it can be taught.

    Raises:
        AssertionError: names the first broken law, what was expected and what came.
    """
    for law in STUDENT_LAWS:
        try:
            law(make_student, suite)
        except AssertionError as error:
            raise AssertionError(f"{law.__name__}: {error}") from error
