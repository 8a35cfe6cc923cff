"""The laws of a student. Each law is a function that raises ``AssertionError``; its docstring is the law."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from envs.batch import IGNORE, Batch, Floats, Scores, stack
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


_SCORES = ("loss", "token_accuracy", "sequence_accuracy")


def _distance(a: Scores, b: Scores) -> float:
    """The largest difference in any score."""
    return max(float(np.abs(getattr(a, name) - getattr(b, name)).max()) for name in _SCORES)


def _same(a: Sequence[Scores], b: Sequence[Scores]) -> bool:
    return all(
        np.array_equal(getattr(x, name), getattr(y, name)) for x, y in zip(a, b, strict=True) for name in _SCORES
    )


def scores_have_the_right_shape(make: MakeStudent, suite: Suite) -> None:
    """Scores are finite, (K, B), accuracies in [0, 1]; train gives the gradient norm (K,), evaluate none."""
    student = _fresh(make, [1, 2])
    batch = _batch(suite, 2)
    trained, evaluated = student.train(batch), student.evaluate(batch)
    for scores in (trained, evaluated):
        for name in _SCORES:
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


def scores_are_per_sequence(make: MakeStudent, suite: Suite) -> None:
    """A sequence's scores do not depend on the others in its batch (within 1e-4)."""
    student = _fresh(make, [1])
    arms = np.arange(_SEQUENCES) % suite.num_arms
    batch = suite.mixed_batch(arms, np.zeros(suite.num_arms, dtype=np.int64), 0, Split.TRAIN)
    half = slice(0, _SEQUENCES, 2)
    whole = student.evaluate(stack([batch]))
    part = student.evaluate(stack([Batch(batch.tokens[half], batch.targets[half], arms[half])]))
    worst = _distance(part, Scores(*(getattr(whole, name)[:, half] for name in _SCORES)))
    assert worst <= 1e-4, f"a sequence's scores change by {worst:.2g} with the rest of the batch: score each by itself"


def weights_scale_the_loss(make: MakeStudent, suite: Suite) -> None:
    """A sequence of weight 0 teaches nothing: another in its place leaves the student the same (within 1e-5)."""
    one, other = (suite.batch(0, index, 0, Split.TRAIN, _SEQUENCES) for index in (0, 1))
    first = np.arange(_SEQUENCES)[:, None] < _SEQUENCES // 2
    half, whole = first[:, 0].astype(np.float64), np.ones(_SEQUENCES)

    def taught(weights: Floats, replacement: Batch) -> Scores:
        student = _fresh(make, [1])
        tokens = np.where(first, one.tokens, replacement.tokens)
        targets = np.where(first, one.targets, replacement.targets)
        for _ in range(4):
            student.train(stack([Batch(tokens, targets, one.arms, weights)]))
        return student.evaluate(stack([other]))

    after = [taught(half, one), taught(half, other), taught(whole, one)]
    worst = _distance(after[0], after[1])
    assert worst <= 1e-5, (
        f"sequences of weight 0 moved the scores by {worst:.2g}: multiply each sequence's loss by its weight"
    )
    assert _distance(after[0], after[2]) > 0, "weights 0 and 1 give the same student: multiply each loss by its weight"


def learners_are_independent(make: MakeStudent, suite: Suite) -> None:
    """Learner k of a cohort equals the single learner with its seed (within 1e-5), also where gradients are clipped."""
    seeds = [3, 4, 5]
    for weight in (1.0, 100.0):  # heavy sequences have gradients that any sensible clipping cuts
        together, alone = _fresh(make, seeds), [_fresh(make, [seed]) for seed in seeds]
        for step in range(8):
            plain = _batch(suite, 3, step)
            weights = np.full((3, _SEQUENCES), weight * (1 + step % 3))
            batch = Batch(plain.tokens, plain.targets, plain.arms, weights, plain.widths)
            scores = together.train(batch)
            for k, single in enumerate(alone):
                worst = np.abs(single.train(stack([batch.learner(k)])).loss[0] - scores.loss[k]).max()
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
        a, b = (student.evaluate(stack([Batch(t, targets, batch.arms)])) for t in (batch.tokens, changed))
        worst = _distance(a, b)
        assert worst <= 1e-4, f"later tokens change the scores at position {position} by {worst:.2g}: be causal"


def padding_changes_nothing(make: MakeStudent, suite: Suite) -> None:
    """Columns of padding on the right, without targets, leave the scores as they are (within 1e-4)."""
    student = _fresh(make, [1])
    batch = suite.batch(0, 0, 0, Split.TRAIN, _SEQUENCES)
    padded = Batch(
        np.pad(batch.tokens, ((0, 0), (0, 3))),
        np.pad(batch.targets, ((0, 0), (0, 3)), constant_values=IGNORE),
        batch.arms,
    )
    worst = _distance(student.evaluate(stack([batch])), student.evaluate(stack([padded])))
    assert worst <= 1e-4, f"three columns of padding change the scores by {worst:.2g}: IGNORE marks no loss"


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
    training_lowers_the_loss,
    scores_are_per_sequence,
    weights_scale_the_loss,
    learners_are_independent,
    state_is_a_copy,
    stop_and_resume_is_exact,
    no_leak_from_the_future,
    padding_changes_nothing,
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
