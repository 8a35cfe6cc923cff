import pytest
import torch

import student
from envs.checks import check_student


@pytest.mark.parametrize("model", [student.LSTM, student.Transformer], ids=lambda m: m.__name__)
def test_maps_any_length_to_logits_and_is_causal(model):
    torch.manual_seed(0)
    module = model(11).eval()
    tokens = torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


def test_rotary_attention_depends_on_distance_only():
    """Moving a pair of tokens together leaves their attention as it is; moving them apart does not."""
    from student.models.transformer import _rotate

    torch.manual_seed(0)
    q, k = torch.randn(8), torch.randn(8)

    def dot(i, j):
        x = torch.zeros(1, 1, 12, 8)
        x[0, 0, i], y = q, torch.zeros(1, 1, 12, 8)
        y[0, 0, j] = k
        return float(_rotate(x)[0, 0, i] @ _rotate(y)[0, 0, j])

    assert dot(5, 3) == pytest.approx(dot(9, 7), abs=1e-5)
    assert abs(dot(5, 3) - dot(9, 3)) > 1e-3


def test_a_transformer_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="num_heads times an even number; got width=30, num_heads=4"):
        student.Transformer(11, width=30)


@pytest.mark.parametrize(
    "make",
    [
        lambda: student.LSTM(12, 16),
        lambda: student.Transformer(12, 16, num_heads=2),
        lambda: student.Transformer(12, 16, num_heads=2, dropout=0.2),
    ],
    ids=["lstm", "transformer", "transformer with dropout"],
)
def test_keeps_the_laws_of_a_student(make, suite):
    check_student(lambda num_learners: student.TorchStudent(make, num_learners), suite)
