import numpy as np
import pytest
import torch
import torch.nn.functional as F

import student
from envs.checks import check_student
from student.models.mingru import _by_doubling, _by_position, _positive, _states, scan


@pytest.mark.parametrize("conv", [0, 4])
def test_maps_any_length_to_logits_and_is_causal(conv):
    torch.manual_seed(0)
    module = student.MinGRU(11, conv=conv).eval()
    tokens = torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
@pytest.mark.parametrize("way", [_by_position, _by_doubling, scan])
def test_a_scan_is_the_recurrence(way, length):
    rng = np.random.default_rng(length)
    decay, drive, start = rng.random((2, length, 3)), rng.normal(size=(2, length, 3)), rng.normal(size=(2, 3))
    states = way(*(torch.from_numpy(x) for x in (decay, drive, start))).numpy()
    state = start
    for t in range(length):
        state = decay[:, t] * state + drive[:, t]
        np.testing.assert_allclose(states[:, t], state, rtol=0, atol=1e-12)


def test_both_scans_have_the_same_gradients():
    torch.manual_seed(0)
    inputs = [torch.rand(2, 9, 3).double(), torch.randn(2, 9, 3).double(), torch.randn(2, 3).double()]
    grads = []
    for way in (_by_position, _by_doubling):
        leaves = [x.clone().requires_grad_() for x in inputs]
        (way(*leaves) ** 2).sum().backward()
        grads.append([leaf.grad for leaf in leaves])
    for one, other in zip(*grads, strict=True):
        assert one.abs().max() > 0.1
        torch.testing.assert_close(one, other)


def test_equals_the_parallel_scan_in_log_space_of_the_paper():
    """Appendix B of arXiv:2410.01201, from a start of 0: the oracle for gate, activation and scan together."""
    torch.manual_seed(2)
    gate, candidate = torch.randn(2, 2, 20, 4).double()
    log_keep, log_take = -F.softplus(gate), -F.softplus(-gate)
    log_g = torch.where(candidate >= 0, (F.relu(candidate) + 0.5).log(), -F.softplus(-candidate))
    total = log_keep.cumsum(1)
    expected = (total + torch.logcumsumexp(log_take + log_g - total, 1)).exp()
    torch.testing.assert_close(_states(gate, candidate, torch.zeros(2, 4).double()), expected)


def test_the_activation_is_positive_and_continuous():
    x = torch.tensor([-100.0, -1.0, -1e-6, 0.0, 1e-6, 2.0])
    torch.testing.assert_close(_positive(x), torch.tensor([0.0, 0.268941, 0.5, 0.5, 0.5, 2.5]), rtol=0, atol=1e-5)
    assert (_positive(torch.linspace(-80, 80, 999)) > 0).all()


def test_saturated_gates_over_a_long_text_keep_states_and_gradients_finite():
    torch.manual_seed(0)
    model = student.MinGRU(5, width=4)
    with torch.no_grad():
        model.blocks[0].mix.weight.mul_(1000)
    logits = model(torch.randint(0, 5, (1, 3000)))
    logits.sum().backward()
    assert logits.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_a_convolution_reaches_back_by_its_taps():
    """With the recurrence shut (z = 1: no memory), position t sees the last ``conv`` tokens."""
    torch.manual_seed(0)
    model = student.MinGRU(9, width=8, num_layers=1, conv=3).double()
    with torch.no_grad():
        model.blocks[0].mix.weight[:8] = 0
        model.blocks[0].mix.bias[:8] = 100.0  # sigmoid: 1
    tokens = torch.randint(0, 9, (1, 10))
    reached = []
    for back in range(6):
        other = tokens.clone()
        other[0, 9 - back] = (other[0, 9 - back] + 1) % 9
        reached.append(bool((model(other) - model(tokens))[0, 9].abs().max() > 1e-9))
    assert reached == [True, True, True, False, False, False]


def test_a_negative_convolution_is_refused():
    with pytest.raises(ValueError, match="conv must be a number of taps, or 0 for no convolution; got -1"):
        student.MinGRU(11, conv=-1)


@pytest.mark.parametrize("options", [{}, {"conv": 3, "dropout": 0.2}], ids=["plain", "convolution and dropout"])
def test_keeps_the_laws_of_a_student(options, suite):
    check_student(lambda k: student.TorchStudent(lambda: student.MinGRU(12, 16, **options), k), suite)
