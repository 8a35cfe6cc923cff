import numpy as np
import pytest

from envs import Addition, Split
from envs.checks import check_task
from envs.checks.modifier import check_modifier
from envs.tasks import Copy
from envs.tasks.modifiers.data_scale import DataScale
from envs.tasks.modifiers.label_noise import LabelNoise
from envs.tasks.modifiers.rare_events import RareEvents, first_target

COPY = Copy(lengths=(3, 8))


def sampled(task, tail, size=4000, split=Split.TRAIN, seed=0):
    return task.sample(np.random.default_rng(seed), {"length": 3, "pattern": "random", "tail": tail}, size, split)


def shares(task, tail, split=Split.TRAIN):
    """How often each class came, in the order of the ranking: the class of a copy is its first letter."""
    letters = sampled(task, tail, split=split).tokens[:, 0]
    return np.array([np.mean(letters == c) for c in task.ranking({"length": 3, "pattern": "random"})])


@pytest.mark.parametrize(("tail", "exponent"), [("even", 0), ("zipf-1", 1), ("zipf-2", 2)])
def test_classes_in_training_follow_zipf_with_a_floor(tail, exponent):
    zipf = [1 / rank**exponent for rank in range(1, 9)]
    expected = np.array([0.8 * z / sum(zipf) + 0.2 / 8 for z in zipf])
    got = shares(RareEvents(COPY, floor=0.2), tail)
    assert (abs(got - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)).all()


@pytest.mark.parametrize("split", [Split.PROBE, Split.TEST])
def test_held_out_samples_are_balanced_whatever_the_tail(split):
    task = RareEvents(COPY)
    assert shares(task, "zipf-2", split).tolist() == [1 / 8] * 8
    even, tail = (sampled(task, t, split=split) for t in ("even", "zipf-2"))
    assert even.tokens.tolist() == tail.tokens.tolist()


def test_rare_alone_is_the_rarest_quarter_of_the_classes():
    task = RareEvents(COPY)
    got = set(sampled(task, "rare", split=Split.TEST).tokens[:, 0].tolist())
    assert got == set(task.ranking({"length": 3, "pattern": "random"})[-2:].tolist())
    listed = [dict(b) for b in task.beyond if b["tail"] == "rare"]
    assert [b["length"] for b in listed] == [3, 8]
    assert [dict(b) for b in task.beyond[:-2]] == [{**b, "tail": "even"} for b in COPY.beyond]


def test_the_pool_of_a_small_batch_is_wide_enough_for_the_classes():
    task = RareEvents(COPY)
    rare = set(task.ranking({"length": 3, "pattern": "random"})[-2:].tolist())
    first = [sampled(task, "rare", 1, Split.TEST, seed).tokens[0, 0] for seed in range(200)]
    assert np.mean([c in rare for c in first]) > 0.98  # 32 samples lack both with chance 0.0001, 4 with chance 0.3


class CommonOnly(Copy):
    """Held-out samples begin with one of the classes that the ranking below calls common."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        if split is Split.TEST:
            first = np.array(COMMON)[batch.tokens[:, 0] % 3]
            batch.tokens[:, 0] = batch.tokens[:, 4] = first
            batch.targets[:, 3] = first
        return batch


COMMON = RareEvents(COPY).ranking({"length": 3, "pattern": "random"})[:3].tolist()


def test_rare_alone_falls_back_on_the_rarest_class_in_the_pool():
    batch = sampled(RareEvents(CommonOnly(lengths=(3, 8))), "rare", split=Split.TEST)
    assert set(batch.tokens[:, 0].tolist()) == {COMMON[-1]}


def test_what_is_rare_is_fixed_by_the_order_seed_and_not_by_the_token():
    at = {"length": 3, "pattern": "random"}
    orders = [RareEvents(COPY, order_seed=seed).ranking(at).tolist() for seed in range(4)]
    assert orders[0] == RareEvents(COPY).ranking({**at, "tail": "zipf-2"}).tolist()
    assert all(sorted(order) == list(range(8)) for order in orders)  # the delimiter never begins an answer
    assert len({tuple(order) for order in orders}) == 4


def test_the_worked_example_of_the_docstring():
    task = RareEvents(Copy(lengths=(3,), num_symbols=4))
    for exponent, percent in ((0, [25, 25, 25, 25]), (1, [46, 24, 17, 13]), (2, [66, 18, 10, 6])):
        assert (100 * task._shares(np.arange(4), exponent)).round().tolist() == percent


def test_a_sample_is_used_once_before_any_is_used_again():
    task = RareEvents(Copy(lengths=(8,)), (0.0, 5.0), floor=0.0)
    even = task.sample(np.random.default_rng(0), {"length": 8, "pattern": "random", "tail": "even"}, 128, Split.TRAIN)
    assert len({tuple(row) for row in even.tokens.tolist()}) == 128
    # One class has nearly everything: its share of the pool of 512, about 64 rows, goes round about twice.
    at = {"length": 8, "pattern": "random", "tail": "zipf-5"}
    steep = task.sample(np.random.default_rng(0), at, 128, Split.TRAIN)
    counts = np.unique(steep.tokens, axis=0, return_counts=True)[1]
    assert len(counts) > 40 and counts.max() <= 4


def test_a_class_that_the_pool_lacks_gives_its_share_to_the_others():
    # A wide pool of two: most classes are not there, and every row still has one of those that are.
    task = RareEvents(DataScale(Copy(lengths=(3,)), (2,)))
    at = {"length": 3, "pattern": "random", "samples": 2, "tail": "zipf-2"}
    batch = task.sample(np.random.default_rng(0), at, 200, Split.TRAIN)
    assert batch.tokens.shape == (200, 6)
    assert len(np.unique(batch.tokens[:, 0])) <= 2


def test_a_class_missing_from_the_census_counts_as_the_rarest():
    def classes(batch):  # class 1 has a chance of 1 in 10,000
        return (batch.tokens[:, :4] == 0).all(axis=1).astype(np.int64)

    task = RareEvents(Copy(lengths=(4,), num_symbols=10), classify=classes, num_classes=2, floor=0.0)
    at = {"length": 4, "pattern": "random"}
    assert task.ranking(at).tolist() == [0]
    assert task._ranked(at)[0].tolist() == [0, 1]


def test_coverage_is_the_share_of_classes_seen():
    task, at = RareEvents(COPY), {"length": 3, "pattern": "random", "tail": "even"}
    assert task.coverage(sampled(task, "even"), at) == 1
    assert task.coverage(sampled(task, "rare", split=Split.TEST), at) == 0.25
    lone = RareEvents(COPY, (0.0, 4.0), floor=0.0)
    assert lone.coverage(sampled(lone, "zipf-4", 64), at) < task.coverage(sampled(task, "zipf-2", 64), at)


def test_the_classes_of_ones_own():
    task = RareEvents(Addition(), classify=lambda batch: batch.tokens[:, 0] % 2, num_classes=2, floor=0.0)
    at = {"digits": 2, "tail": "zipf-2"}
    odd = task.sample(np.random.default_rng(0), at, 4000, Split.TRAIN).tokens[:, 0] % 2
    assert np.mean(odd == task.ranking(at)[0]) == pytest.approx(0.8, abs=0.03)  # 1 : 1/4
    assert "<lambda>" in task.version


def test_the_first_target_is_the_default_class():
    batch = Addition().sample(np.random.default_rng(0), {"digits": 2}, 50, Split.TRAIN)
    expected = [next(t for t in row if t >= 0) for row in batch.targets.tolist()]
    assert first_target(batch).tolist() == expected


@pytest.mark.parametrize(
    "task",
    [
        RareEvents(COPY),
        RareEvents(Addition((1, 3))),
        LabelNoise(RareEvents(COPY)),
        RareEvents(DataScale(COPY, (512, 64))),
        DataScale(RareEvents(COPY), (512, 64)),
    ],
)
def test_keeps_the_laws(task):
    check_task(task)
    check_modifier(task)


def test_what_comes_from_the_inner_task():
    task = RareEvents(COPY)
    assert (task.name, task.vocab_size, task.symbols, task.mastery) == ("copy-tail", 9, COPY.symbols, COPY.mastery)
    assert COPY.version in task.version and "floor=0.1" in task.version
    task.ranking({"length": 3, "pattern": "random"})
    assert task == RareEvents(COPY)
    with pytest.raises(AttributeError, match="RareEvents has no attribute 'colour'"):
        task.colour  # noqa: B018


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"exponents": (1.0, 0.0)}, r"exponents must be increasing from 0 on; got \[1.0, 0.0\]"),
        ({"exponents": (-1.0,)}, r"exponents must be increasing from 0 on; got \[-1.0\]"),
        ({"floor": 1.1}, r"floor must be in \[0, 1\]; got 1.1"),
        ({"oversampling": 0}, r"oversampling must be at least 1; got 0"),
        ({"classify": first_target}, r"classify needs num_classes"),
        ({"inner": RareEvents(COPY)}, r"task 'copy-tail' has an axis 'tail' already"),
        ({"inner": LabelNoise(COPY)}, r"task 'copy-noise' has wrong labels.*LabelNoise\(RareEvents\(task\)\)"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        RareEvents(**{"inner": COPY} | settings)


@pytest.mark.parametrize(
    ("classify", "got"),
    [
        (lambda batch: batch.tokens[:, 0], r"shape \(1024,\), 0 to 7"),
        (lambda batch: -batch.tokens[:, 0] % 4 - 1, r"shape \(1024,\), -1 to 2"),
        (lambda batch: batch.tokens % 4, r"shape \(1024, 6\), 0 to 3"),
    ],
)
def test_classes_out_of_range_are_refused(classify, got):
    task = RareEvents(COPY, classify=classify, num_classes=4)
    with pytest.raises(ValueError, match=r"classify must give 1024 classes in \[0, 4\); got " + got):
        sampled(task, "even")
