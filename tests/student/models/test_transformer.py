import pytest
import torch
from torch import nn

import student
from envs.checks import check_student
from student.models.transformer import _rotate


def test_maps_any_length_to_logits_and_is_causal():
    torch.manual_seed(0)
    module = student.Transformer(11).eval()
    tokens = torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


def test_rotary_attention_depends_on_distance_only():
    """Moving a pair of tokens together leaves their attention as it is; moving them apart does not."""
    torch.manual_seed(0)
    q, k = torch.randn(8), torch.randn(8)

    def dot(i, j):
        x = torch.zeros(1, 1, 12, 8)
        x[0, 0, i], y = q, torch.zeros(1, 1, 12, 8)
        y[0, 0, j] = k
        return float(_rotate(x)[0, 0, i] @ _rotate(y)[0, 0, j])

    assert dot(5, 3) == pytest.approx(dot(9, 7), abs=1e-5)
    assert abs(dot(5, 3) - dot(9, 3)) > 1e-3


def test_rotation_of_a_part_goes_on_where_the_part_before_ended():
    x = torch.randn(2, 3, 12, 8, dtype=torch.float64)
    torch.testing.assert_close(_rotate(x[:, :, 7:], 7), _rotate(x)[:, :, 7:], rtol=0, atol=1e-12)


def test_half_precision_rotates_by_positions_counted_in_float32():
    """In bfloat16 itself position 1001 would be 1000."""
    x = torch.ones(1, 1, 1, 2, dtype=torch.bfloat16)
    angle = torch.tensor(1001.0)
    expected = torch.stack([angle.cos() - angle.sin(), angle.cos() + angle.sin()])
    torch.testing.assert_close(_rotate(x, 1001)[0, 0, 0].float(), expected, rtol=0, atol=0.02)


def test_the_same_seed_gives_the_same_weights_whatever_is_added():
    """The order in which parts are made is fixed, for results rest on it."""
    torch.manual_seed(5)
    model = student.Transformer(12, width=16, num_layers=2, num_heads=2)
    torch.manual_seed(5)
    embed = nn.Embedding(12, 16)
    nn.init.normal_(embed.weight, std=0.02)
    expected = {"embed.weight": embed.weight}
    for i in range(2):
        parts = {
            "qkv": nn.Linear(16, 48, bias=False),
            "join": nn.Linear(16, 16, bias=False),
            "feed.0": nn.Linear(16, 64),
            "feed.2": nn.Linear(64, 16),
        }
        expected |= {f"blocks.{i}.{p}.{k}": v for p, module in parts.items() for k, v in module.state_dict().items()}
    expected["read.weight"] = nn.Linear(16, 12, bias=False).weight
    own = {k: v for k, v in model.state_dict().items() if "norm" not in k}
    assert list(own) == list(expected)
    assert all(torch.equal(own[k], expected[k]) for k in own)


def test_the_cache_holds_one_key_and_value_per_token_and_block():
    model = student.Transformer(12, 16, num_layers=3, num_heads=2)
    state = model.start(5)
    for length in (0, 4, 5):
        assert [[part.shape for part in cache] for cache in state] == [[(5, 2, length, 8)] * 2] * 3
        state = model.resume(torch.zeros(5, 4 if length == 0 else 1, dtype=torch.int64), state)[1]


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="num_heads times an even number; got width=30, num_heads=4"):
        student.Transformer(11, width=30)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_keeps_the_laws_of_a_student(dropout, suite):
    def make():
        return student.Transformer(12, 16, num_heads=2, dropout=dropout)

    check_student(lambda num_learners: student.TorchStudent(make, num_learners), suite)
