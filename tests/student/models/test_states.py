"""What every causal model keeps: steps, parts and the parallel pass agree, states are values."""

import numpy as np
import pytest
import torch
from torch import nn

import student
from student import StreamingModel, detached

MODELS = {
    "lstm": lambda: student.LSTM(11, 12, num_layers=2),
    "gru": lambda: student.GRU(11, 12, num_layers=2),
    "rnn": lambda: student.RNN(11, 12, num_layers=2),
    "transformer": lambda: student.Transformer(11, 16, num_heads=2, dropout=0.3),
    "mingru": lambda: student.MinGRU(11, 12),
    "mingru with convolution": lambda: student.MinGRU(11, 12, conv=4, dropout=0.3),
    "tcn": lambda: student.TCN(11, 12, num_layers=3, dropout=0.3),
    "gpt2": lambda: student.hugging_face_lm(11, "gpt2", n_embd=16, n_layer=2, n_head=2),
    "llama": lambda: student.hugging_face_lm(
        11, "llama", hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2
    ),
}
PRECISIONS = [(torch.float64, 1e-9), (torch.float32, 1e-4)]


def made(name="lstm", dtype=torch.float64):
    torch.manual_seed(0)
    return MODELS[name]().to(dtype)


def texts(*shape):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 11, shape))


def leaves(state):
    return [state] if isinstance(state, torch.Tensor) else [leaf for part in state for leaf in leaves(part)]


each_model = pytest.mark.parametrize("name", MODELS)


@each_model
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS, ids=["float64", "float32"])
def test_steps_equal_the_parallel_pass(name, dtype, tolerance):
    model, tokens = made(name, dtype).eval(), texts(3, 24)
    assert isinstance(model, StreamingModel)
    whole, state = model(tokens), model.start(3)
    for t in range(24):
        logits, state = model.step(tokens[:, t], state)
        assert logits.dtype == dtype
        torch.testing.assert_close(logits, whole[:, t], rtol=0, atol=tolerance)


@each_model
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS, ids=["float64", "float32"])
def test_parts_with_carried_state_equal_the_whole(name, dtype, tolerance):
    model, tokens = made(name, dtype).eval(), texts(3, 24)
    whole, state = model(tokens), model.start(3)
    for part in (slice(0, 1), slice(1, 12), slice(12, 14), slice(14, 24)):
        logits, state = model.resume(tokens[:, part], state)
        torch.testing.assert_close(logits, whole[:, part], rtol=0, atol=tolerance)


@each_model
def test_an_old_state_stays_usable(name):
    model, tokens = made(name).eval(), texts(3, 8)
    with torch.no_grad():
        _, old = model.resume(tokens[:, :6], model.start(3))
        kept = [leaf.clone() for leaf in leaves(old)]
        first, new = model.step(tokens[:, 6], old)
        model.step(tokens[:, 7], new)
        model.resume(tokens[:, 6:], old)
        again, _ = model.step(tokens[:, 6], old)
    assert kept
    assert all(torch.equal(one, other) for one, other in zip(kept, leaves(old), strict=True))
    assert torch.equal(first, again)


@each_model
def test_a_detached_state_cuts_back_propagation(name):
    """Through the carried state gradients reach the first half; through its detached copy they do not."""
    model, tokens = made(name).eval(), texts(2, 8)
    reached = []
    for cut in (detached, lambda state: state):
        # the two halves hold different tokens, so only the state leads back to the embeddings of the first
        halves = tokens % 5, 5 + tokens % 5
        _, state = model.resume(halves[0], model.start(2))
        logits, _ = model.resume(halves[1], cut(state))
        model.zero_grad()
        logits.pow(2).sum().backward()
        embedding = next(m for m in model.modules() if isinstance(m, nn.Embedding)).weight
        reached.append(float(embedding.grad[:5].abs().max()))
    cut_off, through = reached
    tied = cut_off if name == "gpt2" else 0.0  # its read-out is the embedding, which the second half trains
    assert cut_off == tied
    assert through > cut_off


@each_model
def test_truncated_back_propagation_lowers_the_loss_over_a_long_text(name):
    torch.manual_seed(0)
    model = made(name, torch.float32)
    tokens = (torch.arange(65) // 2 % 6).repeat(4, 1)  # 0 0 1 1 2 2 ...
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=1e-2), []
    for _ in range(8):
        state, total = model.start(4), 0.0
        for begin in range(0, 64, 16):
            logits, state = model.resume(tokens[:, begin : begin + 16], detached(state))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, begin + 1 : begin + 17].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total)
    assert losses[-1] < 0.7 * losses[0]
