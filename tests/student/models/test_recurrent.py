import pytest
import torch
from torch import nn

import student
from envs.checks import check_student

MODELS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}


@pytest.mark.parametrize("name", MODELS)
def test_maps_any_length_to_logits_and_is_causal(name):
    torch.manual_seed(0)
    module = getattr(student, name)(11).eval()
    tokens = torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_is_embedding_recurrence_and_read_out_made_in_this_order(name):
    """The same seed must go on giving the same weights and the same logits, bit for bit: results rest on it."""
    torch.manual_seed(5)
    model = getattr(student, name)(12, width=8, num_layers=2, embedding=6)
    torch.manual_seed(5)
    parts = {"embed": nn.Embedding(12, 6), "recur": MODELS[name](6, 8, 2, batch_first=True), "read": nn.Linear(8, 12)}
    expected = {f"{part}.{k}": v for part, module in parts.items() for k, v in module.state_dict().items()}
    assert list(model.state_dict()) == list(expected)
    assert all(torch.equal(value, expected[k]) for k, value in model.state_dict().items())
    tokens = torch.randint(0, 12, (3, 9))
    logits = parts["read"](parts["recur"](parts["embed"](tokens))[0])
    assert torch.equal(model(tokens), logits)


def test_rnn_is_the_recurrence_of_elman():
    torch.manual_seed(1)
    model = student.RNN(5, width=4).double()
    w_in, w_rec, b_in, b_rec = model.recur.parameters()
    state, tokens = torch.zeros(4).double(), [3, 0, 4, 1]
    for token in tokens:
        state = torch.tanh(w_in @ model.embed.weight[token] + b_in + w_rec @ state + b_rec)
    expected = model.read.weight @ state + model.read.bias
    torch.testing.assert_close(model(torch.tensor([tokens]))[0, -1], expected)


def test_the_state_of_an_lstm_has_a_cell_and_the_others_have_none():
    shapes = {name: [part.shape for part in getattr(student, name)(5, 7, 2).start(3)] for name in MODELS}
    assert shapes == {"LSTM": [(2, 3, 7), (2, 3, 7)], "GRU": [(2, 3, 7)], "RNN": [(2, 3, 7)]}


@pytest.mark.parametrize("name", MODELS)
def test_keeps_the_laws_of_a_student(name, suite):
    check_student(lambda k: student.TorchStudent(lambda: getattr(student, name)(12, 16), k), suite)
