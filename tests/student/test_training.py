"""Options of training, each against the plain loop or its formula."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from envs import Batch, Split, Suite, stack
from envs.checks import check_student
from envs.tasks import Copy
from student import GRU, LSTM, TorchStudent, Transformer, precision
from student.training import Pace, Training, make_optimizer


@pytest.fixture
def copying():
    return Suite([Copy(lengths=(2, 4, 8))], name="copying")


def batch(suite, arm=1, index=0, size=8):
    return stack([suite.batch(arm, index, 0, Split.TRAIN, size)])


def started(make=lambda: LSTM(9, 16), **options):
    student = TorchStudent(make, **options)
    student.reset(list(range(student.num_learners)))
    return student


def rates(updates, arms=None, rows=8, **settings):
    """Learning rates of so many updates."""
    options, pace, out = Training(**settings), Pace(), []
    for update in range(updates):
        out.append(options.learning_rate * pace.factor(options, None if arms is None else arms[update], rows))
    return np.array(out)


def test_warmup_then_constant():
    np.testing.assert_allclose(rates(5, learning_rate=0.4, warmup=4), [0.1, 0.2, 0.3, 0.4, 0.4])


@pytest.mark.parametrize(("schedule", "middle"), [("linear", 0.55), ("cosine", 0.55)])
def test_decay_to_the_budget(schedule, middle):
    got = rates(13, learning_rate=1.0, schedule=schedule, budget=10)
    assert got[0] == 1 and got[5] == pytest.approx(middle) and got[10] == pytest.approx(0.1)
    assert (np.diff(got) <= 1e-12).all() and got[12] == pytest.approx(0.1)
    quarter = rates(3, learning_rate=1.0, schedule=schedule, budget=8, final_factor=0.0)[2]
    assert quarter == pytest.approx(0.75 if schedule == "linear" else (1 + math.cos(math.pi / 4)) / 2)


def test_each_harder_phase_warms_up_anew():
    arms = [np.array([a]) for a in (0, 0, 0, 1, 1, 0, 2, 0)]
    got = rates(8, arms, learning_rate=1.0, schedule="phase", warmup=2, phases=(0, 5, 5))
    np.testing.assert_allclose(got, [0.5, 1, 1, 0.5, 1, 1, 1, 1])  # arm 2 is of arm 1's phase


def test_the_learning_rate_follows_the_batch_size():
    options = {"learning_rate": 1.0, "reference_batch": 4}
    assert rates(1, rows=16, **options)[0] == 2
    assert rates(1, rows=16, optimizer="sgd", **options)[0] == 4


def test_the_optimiser_steps_at_the_scheduled_rate(copying):
    """Plain SGD moves by rate times gradient: the reported length of the step says at which rate."""
    student = started(optimizer="sgd", learning_rate=0.3, warmup=3, clip=None)
    for update in range(4):
        scores = student.train(batch(copying, index=update))
        expected = 0.3 * min(1, (update + 1) / 3) * scores.gradient_norm[0]
        assert scores.measures["update_norm"][0] == pytest.approx(expected, rel=1e-3)


def test_only_matrices_decay():
    model = Transformer(9, 16, num_heads=2)
    groups = make_optimizer(model, Training(optimizer="adamw", weight_decay=0.1, decay="matrices")).param_groups
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert all(p.ndim == 2 for p in groups[0]["params"])
    still = {id(p) for p in groups[1]["params"]}
    assert id(model.embed.weight) in still and id(model.norm.weight) in still
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


def after(suite, make=lambda: LSTM(9, 16), steps=3, size=8, **options):
    student = started(make, **options)
    scores = [student.train(batch(suite, arm=2, index=i, size=size)) for i in range(steps)]
    return nn.utils.parameters_to_vector(student.models[0].parameters()).detach(), scores


@pytest.mark.parametrize("micro_batch", [1, 3, 8])
def test_accumulated_gradients_are_those_of_the_whole_batch(copying, micro_batch):
    whole, scores = after(copying)
    parts, in_parts = after(copying, micro_batch=micro_batch)
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)
    for a, b in zip(scores, in_parts, strict=True):
        np.testing.assert_allclose(a.loss, b.loss, rtol=1e-5)
        np.testing.assert_allclose(a.gradient_norm, b.gradient_norm, rtol=1e-4)


def test_a_window_as_long_as_the_sequence_truncates_nothing(copying):
    whole, _ = after(copying)
    assert torch.equal(after(copying, truncate=16)[0], whole)


def test_truncation_cuts_the_gradient_and_carries_the_state(copying):
    """The oracle: the plain loop that detaches the hidden state between windows."""
    data = batch(copying, arm=2)
    student = started(truncate=6, optimizer="sgd", learning_rate=0.1, clip=None)
    model = started().models[0]
    scores = student.train(data)
    tokens, targets = torch.from_numpy(data.tokens[0]), torch.from_numpy(data.targets[0])
    state, total = None, (targets != -100).sum()
    for start in range(0, tokens.shape[1], 6):
        hidden, state = model.recur(model.embed(tokens[:, start : start + 6]), state)
        state = tuple(part.detach() for part in state)
        logits = model.read(hidden).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, targets[:, start : start + 6].flatten(), reduction="sum")
        (loss / total).backward()
    for ours, theirs in zip(student.models[0].parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs - 0.1 * theirs.grad, rtol=1e-4, atol=1e-6)
    whole = started(optimizer="sgd", learning_rate=0.1, clip=None)
    np.testing.assert_allclose(scores.loss, whole.train(data).loss, rtol=1e-5)
    assert not torch.allclose(whole.models[0].recur.weight_hh_l0, student.models[0].recur.weight_hh_l0, atol=1e-7)


def test_truncating_a_model_that_carries_no_state_is_refused(copying):
    with pytest.raises(ValueError, match=r"methods start.* and resume.*; Embedding has none"):
        started(lambda: nn.Embedding(9, 9), truncate=2).train(batch(copying))


def test_bfloat16_learns_nearly_the_same(copying):
    whole, scores = after(copying, steps=5)
    low, in_low = after(copying, steps=5, precision="bfloat16")
    assert not torch.equal(low, whole)
    np.testing.assert_allclose(in_low[-1].loss, scores[-1].loss, rtol=0.05)


@pytest.mark.parametrize("make", [LSTM, GRU, Transformer])
def test_a_cpu_without_bfloat16_trains_as_far_as_it_can_in_it(copying, monkeypatch, make):
    """As on x86 without AVX-512, where oneDNN has no LSTM in bfloat16 and raises."""
    monkeypatch.setattr(precision, "onednn_lacks_bfloat16", lambda: True)
    before = torch._C._get_mkldnn_enabled()
    whole, scores = after(copying, lambda: make(9, 16), steps=5)
    low, in_low = after(copying, lambda: make(9, 16), steps=5, precision="bfloat16")
    assert not torch.equal(low, whole) and torch._C._get_mkldnn_enabled() == before
    np.testing.assert_allclose(in_low[-1].loss, scores[-1].loss, rtol=0.05)


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "cosine", "budget": 12, "warmup": 2},
        {"schedule": "phase", "warmup": 3, "phases": (0, 1, 2)},
        {"micro_batch": 5, "truncate": 3},
        {"precision": "bfloat16", "optimizer": "adamw", "weight_decay": 0.1, "decay": "matrices"},
        {"reference_batch": 32},
    ],
    ids=lambda options: " ".join(options),
)
def test_every_option_keeps_the_laws_of_a_student(copying, options):
    check_student(lambda num_learners: TorchStudent(lambda: LSTM(9, 16), num_learners, **options), copying)


def test_phases_need_batches_that_say_their_arms(copying):
    data = batch(copying)
    student = started(schedule="phase", warmup=2, phases=(0, 1, 2))
    with pytest.raises(ValueError, match="schedule phase needs batches that say their arms"):
        student.train(Batch(data.tokens, data.targets))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "step"}, "schedule must be one of constant, linear, cosine, phase; got 'step'"),
        ({"schedule": "cosine"}, "schedule cosine ends at the budget: give budget"),
        ({"schedule": "phase", "warmup": 3}, "schedule phase warms up anew in each phase: give phases"),
        ({"warmup": -1}, "warmup must not be negative; got -1"),
        ({"micro_batch": 0}, "micro_batch must be at least 1; got 0"),
        ({"truncate": 0}, "truncate must be at least 1; got 0"),
        ({"final_factor": 2}, "final_factor in .0, 1.; got .*final_factor=2"),
        ({"precision": "float16"}, "precision must be one of float32, bfloat16; got 'float16'"),
        ({"decay": "none"}, "decay must be one of all, matrices; got 'none'"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TorchStudent(lambda: LSTM(9, 8), **options)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_a_compiled_model_learns_the_same(copying):
    whole, _ = after(copying, lambda: Transformer(9, 16, num_heads=2))
    compiled, _ = after(copying, lambda: Transformer(9, 16, num_heads=2), compile=True)
    torch.testing.assert_close(compiled, whole, rtol=1e-3, atol=1e-4)
