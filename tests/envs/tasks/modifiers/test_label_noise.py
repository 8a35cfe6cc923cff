import numpy as np
import pytest

from envs import IGNORE, Addition, Split
from envs.checks import check_task
from envs.checks.modifier import check_modifier
from envs.tasks import Copy
from envs.tasks.modifiers.data_scale import DataScale
from envs.tasks.modifiers.label_noise import LabelNoise

COPY = Copy(lengths=(3, 8))


def sampled(task, noise, size=400, split=Split.TRAIN, length=8):
    difficulty = {"length": length, "pattern": "random"} | ({} if noise is None else {"noise": noise})
    return task.sample(np.random.default_rng(0), difficulty, size, split)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_the_share_of_wrong_targets_is_the_rate_and_inputs_are_clean(noise):
    noisy, clean = sampled(LabelNoise(COPY), noise), sampled(COPY, None)
    assert noisy.tokens.tolist() == clean.tokens.tolist()
    assert ((noisy.targets == IGNORE) == (clean.targets == IGNORE)).all()
    scored = clean.targets != IGNORE
    wrong = (noisy.targets != clean.targets)[scored]  # 3,200 targets
    assert wrong.mean() == pytest.approx(noise, abs=4 * np.sqrt(noise * (1 - noise) / wrong.size))
    assert LabelNoise(COPY).wrong_labels({"noise": noise}) == pytest.approx(noise)


def test_a_replacement_is_uniform_over_the_other_tokens():
    noisy, clean = sampled(LabelNoise(COPY, (0.9,)), 0.9, 4000), sampled(COPY, None, 4000)
    was_a = clean.targets == 0
    counts = np.bincount(noisy.targets[was_a & (noisy.targets != 0)], minlength=9)
    # A wrong label is never the right one: a tenth is untouched, all the rest is wrong.
    wrong, scored = (noisy.targets != clean.targets).sum(), (clean.targets != IGNORE).sum()
    assert wrong / scored == pytest.approx(0.9, abs=4 * np.sqrt(0.9 * 0.1 / scored))
    expected = counts.sum() / 8
    assert (abs(counts[1:] - expected) < 4 * np.sqrt(expected)).all()


@pytest.mark.parametrize("split", [Split.PROBE, Split.TEST])
def test_held_out_samples_are_clean(split):
    noisy, clean = sampled(LabelNoise(COPY), 0.3, split=split), sampled(COPY, None, split=split)
    assert noisy.targets.tolist() == clean.targets.tolist()


def test_the_worked_example_of_the_docstring():
    task = LabelNoise(Copy(lengths=(3,), num_symbols=4), (0.3,))
    batch = sampled(task, 0.3, 4000, length=3)
    found = [r for r in range(4000) if [task.symbols[t] for t in batch.tokens[r]] == list("bad|ba")]
    assert [IGNORE] * 3 + [1, 2, 3] in batch.targets[found].tolist()  # b c d instead of b a d


def test_wrong_labels_add_up_where_noise_lies_on_noise():
    class Mislabelled(Addition):
        def wrong_labels(self, difficulty):
            return 0.5

    assert LabelNoise(Mislabelled()).wrong_labels({"digits": 1, "noise": 0.1}) == pytest.approx(0.55)


@pytest.mark.parametrize("task", [LabelNoise(COPY), LabelNoise(Addition()), LabelNoise(DataScale(COPY))])
def test_keeps_the_laws(task):
    check_task(task)
    check_modifier(task)


def test_what_comes_from_the_inner_task():
    task = LabelNoise(COPY, (0.1, 0.2))
    assert (task.name, task.vocab_size, task.symbols, task.mastery) == ("copy-noise", 9, COPY.symbols, COPY.mastery)
    assert LabelNoise(COPY, name="other").name == "other"
    assert [dict(b) for b in task.beyond] == [{**b, "noise": 0.1} for b in COPY.beyond]
    assert COPY.version in task.version and "(0.1, 0.2)" in task.version
    assert not task.identity_at_easiest and LabelNoise(COPY).identity_at_easiest


def test_expected_targets_are_declared_only_if_the_inner_task_declares_them():
    class Labels(Addition):
        def expected_targets(self, tokens):
            return tokens

    assert LabelNoise(Labels()).expected_targets(5) == 5
    assert getattr(LabelNoise(COPY), "expected_targets", None) is None
    with pytest.raises(AttributeError, match="LabelNoise has no attribute 'stream'"):
        LabelNoise(COPY).stream  # noqa: B018


@pytest.mark.parametrize("rates", [(), (0.3, 0.1), (-0.1, 0.2), (0.0, 1.0)])
def test_rates_out_of_range_are_refused(rates):
    with pytest.raises(ValueError, match=r"rates must be increasing probabilities in \[0, 1\); got \["):
        LabelNoise(COPY, rates)


def test_noise_twice_is_refused():
    with pytest.raises(ValueError, match="task 'copy-noise' has an axis 'noise' already"):
        LabelNoise(LabelNoise(COPY))
