import pytest

import student


@pytest.mark.parametrize(
    "model", [student.LSTM, student.GRU, student.RNN, student.MinGRU, student.TCN, student.Transformer]
)
@pytest.mark.parametrize("size", [0, -3])
def test_a_size_below_one_is_said(model, size):
    with pytest.raises(ValueError, match=f"width must be at least 1; got {size}"):
        model(9, width=size)


def test_every_size_is_looked_at():
    with pytest.raises(ValueError, match="embedding must be at least 1; got -3"):
        student.GRU(9, embedding=-3)
    with pytest.raises(ValueError, match="num_layers must be at least 1; got 0"):
        student.MinGRU(9, num_layers=0)
    with pytest.raises(ValueError, match="num_heads must be at least 1; got 0"):
        student.Transformer(9, num_heads=0)
    with pytest.raises(ValueError, match="width must be at least 1; got 0"):
        student.Seq2Seq(9, 3, width=0)
