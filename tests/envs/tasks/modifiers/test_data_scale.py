import numpy as np
import pytest

from envs import Addition, Batch, Split
from envs.checks import check_task
from envs.checks.modifier import check_modifier
from envs.tasks import Copy
from envs.tasks.modifiers.data_scale import DataScale, chosen
from envs.tasks.modifiers.label_noise import LabelNoise

COPY = Copy(lengths=(2, 8))


def difficulty(samples, length=8):
    return {"length": length, "pattern": "random", "samples": samples}


def rows_seen(task, at, split=Split.TRAIN, seeds=range(20)):
    batches = [task.sample(np.random.default_rng(seed), at, 200, split) for seed in seeds]
    return {tuple(row) for batch in batches for row in batch.tokens.tolist()}


@pytest.mark.parametrize("samples", [512, 64])
def test_training_draws_from_as_many_samples_as_it_says(samples):
    task = DataScale(COPY)
    seen, pool = rows_seen(task, difficulty(samples)), task.pool(difficulty(samples)).tokens
    # 8 ** 8 sequences of length 8: all rows of a pool differ, and 4,000 draws miss a row of 512 with chance 0.0004.
    assert len(pool) == samples == len({tuple(row) for row in pool.tolist()})
    assert seen <= {tuple(row) for row in pool.tolist()}
    assert len(seen) > 0.99 * samples


def test_a_smaller_pool_is_the_beginning_of_a_larger_one():
    task = DataScale(COPY)
    small, large = task.pool(difficulty(64)), task.pool(difficulty(512))
    assert small.tokens.tolist() == large.tokens[:64].tolist()
    assert small.targets.tolist() == large.targets[:64].tolist()


def test_pools_differ_by_seed_and_by_difficulty_and_not_by_instance():
    first = DataScale(COPY).pool(difficulty(64)).tokens.tolist()
    assert first == DataScale(COPY).pool(difficulty(64)).tokens.tolist()
    assert first != DataScale(COPY, pool_seed=1).pool(difficulty(64)).tokens.tolist()
    short, long = (DataScale(Copy(lengths=n)).pool(difficulty(64, n[0])).tokens[:, 0] for n in ((7,), (8,)))
    assert short.tolist() != long.tolist()


def test_held_out_samples_are_fresh():
    task = DataScale(COPY)
    pool = rows_seen(task, difficulty(64))
    for split in (Split.PROBE, Split.TEST):
        fresh = rows_seen(task, difficulty(64), split, range(2))
        assert len(fresh) == 400 and not fresh & pool  # 64 of 8 ** 8: a coincidence would be news


def test_a_tiny_sample_space_gives_pools_that_repeat_and_tests_that_coincide():
    task = DataScale(COPY)
    pool = {tuple(row) for row in task.pool(difficulty(512, length=2)).tokens.tolist()}
    assert len(pool) == 64  # all there are
    assert rows_seen(task, difficulty(512, length=2), Split.TEST) == pool


def test_the_worked_example_of_the_docstring():
    task = DataScale(Copy(lengths=(2,), num_symbols=2), (2,))
    batch = task.sample(np.random.default_rng(0), difficulty(2, 2), 50, Split.TRAIN)
    written = {"".join(task.symbols[t] for t in row) for row in batch.tokens}
    assert len(written) == 2 and all(w[2] == "|" and w[3] == w[0] for w in written)


def test_columns_that_only_other_rows_needed_are_dropped():
    tokens, targets = np.array([[5, 6, 0, 0], [5, 6, 7, 0], [1, 2, 3, 4]]), np.full((3, 4), -100)
    targets[:, 1] = 3
    batch = Batch(tokens, targets, weights=np.array([1.0, 2.0, 3.0]), times=np.tile(np.arange(4), (3, 1)))
    short = chosen(batch, np.array([1, 0]))
    assert short.tokens.tolist() == [[5, 6, 7], [5, 6, 0]]
    assert short.times.tolist() == [[0, 1, 2]] * 2 and short.weights.tolist() == [2.0, 1.0]
    zero_is_an_answer = Batch(np.zeros((2, 3), dtype=int), np.array([[-100, -100, 0]] * 2))
    assert chosen(zero_is_an_answer, np.array([0])).tokens.shape == (1, 3)


@pytest.mark.parametrize("task", [DataScale(COPY), DataScale(Addition()), DataScale(LabelNoise(COPY))])
def test_keeps_the_laws(task):
    check_task(task)
    check_modifier(task)


def test_noise_inside_is_frozen_with_the_pool_and_outside_is_new_at_every_visit():
    def labels_per_question(task, samples):
        seen = {}
        at = difficulty(samples) | {"noise": 0.3}
        for seed in range(5):
            batch = task.sample(np.random.default_rng(seed), at, 200, Split.TRAIN)
            for row, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
                seen.setdefault(tuple(row), set()).add(tuple(targets))
        return np.mean([len(labels) for labels in seen.values()])

    assert labels_per_question(DataScale(LabelNoise(COPY, (0.3,))), 64) == 1
    assert labels_per_question(LabelNoise(DataScale(COPY), (0.3,)), 64) > 5


def test_the_bound_on_wrong_labels_leaves_room_for_the_chance_in_a_pool():
    task = DataScale(LabelNoise(COPY, (0.3,)), (64,))
    at = difficulty(64) | {"noise": 0.3}
    assert task.wrong_labels(at) == pytest.approx(0.3 + 5 * (0.21 / (64 * 8)) ** 0.5)
    assert task.wrong_labels(at | {"noise": 0.0}) == 0


def test_what_comes_from_the_inner_task():
    task = DataScale(COPY, (100, 10), pool_seed=3)
    assert (task.name, task.vocab_size, task.symbols, task.mastery) == ("copy-samples", 9, COPY.symbols, COPY.mastery)
    assert [dict(b) for b in task.beyond] == [{**b, "samples": 100} for b in COPY.beyond]
    assert task.version == f"DataScale-1 samples=(100, 10) pool_seed=3 of {COPY.version}"
    task.pool(difficulty(10))
    assert task == DataScale(COPY, (100, 10), pool_seed=3) and "Batch" not in repr(task)
    assert getattr(task, "wrong_labels", None) is None
    with pytest.raises(AttributeError, match="DataScale has no attribute 'colour'"):
        task.colour  # noqa: B018


@pytest.mark.parametrize("samples", [(), (64, 512), (64, 64), (8, 1)])
def test_sizes_out_of_range_are_refused(samples):
    with pytest.raises(ValueError, match=r"samples must be falling whole numbers, 2 at least; got \["):
        DataScale(COPY, samples)


def test_a_second_pool_is_refused():
    with pytest.raises(ValueError, match="task 'copy-samples' has an axis 'samples' already"):
        DataScale(DataScale(COPY))
