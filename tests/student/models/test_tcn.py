import pytest
import torch

import student
from envs.checks import check_student


def test_maps_any_length_to_logits_and_is_causal():
    torch.manual_seed(0)
    module = student.TCN(11).eval()
    tokens = torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("layers", "kernel", "field"), [(1, 2, 3), (2, 2, 7), (2, 3, 13), (3, 3, 29)])
def test_the_last_position_sees_exactly_the_receptive_field(layers, kernel, field):
    torch.manual_seed(0)
    model = student.TCN(9, width=32, num_layers=layers, kernel=kernel).double()
    assert model.receptive_field == field
    tokens = torch.randint(0, 9, (1, 40))
    seen = []
    for back in range(40):
        other = tokens.clone()
        other[0, 39 - back] = (other[0, 39 - back] + 1) % 9
        seen.append(bool((model(other) - model(tokens))[0, 39].abs().max() > 0))
    assert seen == [back < field for back in range(40)]


def test_a_block_is_two_dilated_convolutions_and_a_residual():
    """The oracle sums over taps by hand; block 1 has dilation 2."""
    torch.manual_seed(3)
    model = student.TCN(6, width=3, num_layers=2, kernel=2).double()
    tokens = torch.randint(0, 6, (1, 7))
    x = model.embed.weight[tokens[0]]  # (T, C)
    for dilation, block in zip((1, 2), model.blocks, strict=True):
        out = x
        for conv in block.convs:
            rows = []
            for t in range(7):
                earlier = out[t - dilation] if t >= dilation else torch.zeros(3).double()
                rows.append((conv.bias + conv.weight[:, :, 1] @ out[t] + conv.weight[:, :, 0] @ earlier).relu())
            out = torch.stack(rows)
        x = (x + out).relu()
    torch.testing.assert_close(model(tokens)[0], x @ model.read.weight.T + model.read.bias)


def test_filters_are_weight_normalised():
    """Length and direction are separate parameters: scaling the direction changes nothing."""
    torch.manual_seed(0)
    model, tokens = student.TCN(6, width=8), torch.randint(0, 6, (2, 9))
    before = model(tokens)
    with torch.no_grad():
        for block in model.blocks:
            block.convs[0].parametrizations.weight.original1.mul_(3.0)
    torch.testing.assert_close(model(tokens), before)
    with torch.no_grad():
        model.blocks[0].convs[0].parametrizations.weight.original0.mul_(3.0)
    assert (model(tokens) - before).abs().max() > 1e-3


@pytest.mark.parametrize("options", [{"kernel": 1}, {"num_layers": 0}])
def test_a_network_that_sees_no_past_is_refused(options):
    with pytest.raises(ValueError, match="kernel must be at least 2 and num_layers at least 1; got "):
        student.TCN(11, **options)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_keeps_the_laws_of_a_student(dropout, suite):
    def make():
        return student.TCN(12, 16, num_layers=2, dropout=dropout)

    check_student(lambda num_learners: student.TorchStudent(make, num_learners), suite)
