import pytest
import torch

import envs
import student
from envs.checks import check_student


def made(question_length=5):
    torch.manual_seed(0)
    return student.Seq2Seq(12, question_length, width=8).double()


def test_question_positions_have_zero_logits_and_answers_follow():
    logits = made()(torch.randint(0, 12, (3, 9)))
    assert logits.shape == (3, 9, 12)
    assert (logits[:, :5] == 0).all()
    assert (logits[:, 5:] != 0).all()


def test_the_decoder_is_driven_by_the_last_output_of_the_encoder_at_every_step():
    """The oracle runs two LSTM cells by hand."""
    model, question = made(), [7, 0, 3, 11, 2]

    def cell(lstm, x, state):
        w_in, w_rec, b_in, b_rec = lstm.parameters()
        i, f, g, o = (w_in @ x + b_in + w_rec @ state[0] + b_rec).chunk(4)
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    zeros = (torch.zeros(8).double(), torch.zeros(8).double())
    state = zeros
    for token in question:
        state = cell(model.encode, torch.eye(12).double()[token], state)
    encoded, state = state[0], zeros
    logits = model(torch.tensor([[*question, 0, 0, 0]]))[0]
    for t in range(5, 8):
        state = cell(model.decode, encoded, state)
        torch.testing.assert_close(logits[t], model.read.weight @ state[0] + model.read.bias)


def test_answer_tokens_are_not_read():
    model, tokens = made(), torch.randint(0, 12, (2, 9))
    other = tokens.clone()
    other[:, 5:] = (other[:, 5:] + 1) % 12
    assert torch.equal(model(tokens), model(other))
    other[:, 4] = (other[:, 4] + 1) % 12
    assert (model(tokens) - model(other))[:, 5:].abs().amax(-1).min() > 1e-4


def test_a_longer_answer_begins_with_the_shorter_one():
    model, tokens = made(), torch.randint(0, 12, (2, 12))
    torch.testing.assert_close(model(tokens[:, :7]), model(tokens)[:, :7])


def test_it_does_not_stream_and_generates_what_it_predicts():
    model, tokens = made(), torch.randint(0, 12, (3, 9))
    assert not isinstance(model, student.StreamingModel)
    written = student.generate(model, tokens[:, :6], 4)
    assert torch.equal(written, student.predict(model, tokens)[:, 5:].argmax(-1))


@pytest.mark.parametrize("length", [4, 5])
def test_tokens_without_an_answer_are_refused(length):
    with pytest.raises(ValueError, match=f"go on after the question of 5; got {length} per sequence"):
        made()(torch.zeros(2, length, dtype=torch.int64))


def test_a_question_of_no_token_is_refused():
    with pytest.raises(ValueError, match="question_length must be at least 1; got 0"):
        student.Seq2Seq(12, 0)


def test_keeps_the_laws_of_a_student():
    """All of them, no_leak_from_the_future too: an answer depends on the question before it alone."""
    suite = envs.Suite([envs.Addition(digits=(2,))])  # question "ab+cd", then '=' and the answer
    check_student(lambda k: student.TorchStudent(lambda: student.Seq2Seq(12, 5, width=16), k), suite)
