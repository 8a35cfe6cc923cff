import numpy as np
import pytest
import torch
from torch import nn

from envs import Split, stack
from student import LSTM, TorchStudent, Transformer
from student.inspection import attention_maps, last_hidden


def two(suite, make):
    student = TorchStudent(make, 2)
    student.reset([0, 1])
    return student, stack([suite.batch(arm, 0, 0, Split.PROBE, 4) for arm in (0, 1)])


def test_the_last_hidden_layer_is_what_the_read_out_reads(suite):
    student, batch = two(suite, lambda: LSTM(12, 8))
    seen = student.representations(batch)
    assert seen.shape == (2, 4, 8, 8)
    model, own = student.models[0], batch.learner(0)
    hidden, _ = model.recur(model.embed(torch.from_numpy(own.tokens.copy())))
    np.testing.assert_allclose(seen[0, :, :5], hidden.detach().numpy(), atol=1e-6)
    assert (seen[0, :, 5:] == 0).all() and (seen[1] != 0).any(axis=-1).all()


def test_attention_weights_are_those_that_the_model_used(suite):
    student, batch = two(suite, lambda: Transformer(12, 16, num_heads=2))
    weights = student.attention(batch)
    assert weights.shape == (2, 2, 4, 2, 8, 8)
    np.testing.assert_allclose(weights[1].sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(weights[0, ..., :5, :].sum(axis=-1), 1, atol=1e-5)
    assert (np.triu(weights[1, 0, 0, 0], 1) == 0).all()  # nobody looks ahead
    # The oracle: attention of weight one on each position in turn gives back that position's value.
    query, key, value = torch.randn(3, 1, 1, 5, 4, generator=torch.Generator().manual_seed(0)).unbind()

    class Attends(nn.Module):
        def forward(self, tokens):
            return nn.functional.scaled_dot_product_attention(query, key, value, **self.how)

    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    for how in ({}, {"is_causal": True}, {"attn_mask": mask}, {"attn_mask": mask.float(), "scale": 0.3}):
        model = Attends()
        model.how = how
        torch.testing.assert_close(attention_maps(model, torch.zeros(1, 5))[0] @ value, model(None))


def test_modes_and_random_streams_are_put_back(suite):
    student, batch = two(suite, lambda: Transformer(12, 16, num_heads=2, dropout=0.3))
    before, outside = student.state_dict()["learners"][0]["random"][0], torch.get_rng_state()
    student.attention(batch)
    student.representations(batch)
    assert student.models[0].training and student.models[0].blocks[0].training
    assert torch.equal(student.state_dict()["learners"][0]["random"][0], before)
    assert torch.equal(torch.get_rng_state(), outside)


def test_modules_without_a_read_out_or_attention_are_refused():
    with pytest.raises(ValueError, match=r"input of the last nn.Linear .*; Embedding runs none"):
        last_hidden(nn.Embedding(5, 5), torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="scaled_dot_product_attention, which LSTM does not call"):
        attention_maps(LSTM(5, 8), torch.zeros(2, 3, dtype=torch.int64))
