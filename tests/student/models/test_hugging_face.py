import socket
import sys

import pytest
import torch

import student
from envs.checks import check_student

TINY = {
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2},
    "llama": {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2},
    "mamba": {"hidden_size": 16, "num_hidden_layers": 2, "state_size": 4},
}


def made(name, **overrides):
    torch.manual_seed(0)
    return student.hugging_face_lm(11, name, **TINY[name], **overrides).eval()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a model made from a configuration must download nothing")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", TINY)
def test_maps_any_length_to_logits_and_is_causal(name):
    module, tokens = made(name), torch.randint(0, 11, (3, 40))
    whole = module(tokens)
    assert whole.shape == (3, 40, 11)
    assert whole.dtype == torch.float32
    torch.testing.assert_close(module(tokens[:, :17]), whole[:, :17], rtol=1e-4, atol=1e-5)


def test_only_models_whose_state_is_keys_and_values_stream():
    assert [isinstance(made(name), student.StreamingModel) for name in TINY] == [True, True, False]


def test_models_without_a_stream_generate_by_running_again():
    model, prompt = made("mamba"), torch.randint(0, 11, (2, 3))
    text = prompt
    for _ in range(4):
        text = torch.cat([text, model(text)[:, -1:].argmax(-1)], dim=1)
    assert torch.equal(student.generate(model, prompt, 4), text[:, 3:])


def test_a_configuration_object_is_copied_and_special_tokens_are_taken_out():
    import transformers

    config = transformers.GPT2Config(**TINY["gpt2"], vocab_size=99, pad_token_id=3)
    model = student.hugging_face_lm(11, config, n_layer=1)
    assert (config.vocab_size, config.n_layer, config.pad_token_id) == (99, 2, 3)
    own = model.lm.config
    assert (own.vocab_size, own.n_layer, own.pad_token_id, own.bos_token_id, own.eos_token_id) == (
        11,
        1,
        None,
        None,
        None,
    )
    assert model(torch.zeros(1, 2, dtype=torch.int64)).shape == (1, 2, 11)
    kept = student.hugging_face_lm(11, config, pad_token_id=5)
    assert kept.lm.config.pad_token_id == 5


def test_every_embedding_is_trained():
    """gemma's configuration makes token 0 padding, whose embedding would stay zero."""
    tiny = {**TINY["llama"], "head_dim": 8, "num_key_value_heads": 1}
    model = student.hugging_face_lm(11, "gemma", **tiny)
    model(torch.zeros(1, 3, dtype=torch.int64))[0, -1, 4].backward()
    embedding = model.lm.get_input_embeddings().weight
    assert embedding[0].abs().max() > 0
    assert embedding.grad[0].abs().max() > 0


def test_fields_that_follow_from_others_follow_the_overrides():
    """llama has as many key-value heads as heads unless told otherwise."""
    assert made("llama").lm.config.num_key_value_heads == 2


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        ("gpt7", {}, "must be a model type of transformers such as gpt2 or llama; got 'gpt7'"),
        ("gpt2", {"n_layers": 2, "heads": 1}, "a gpt2 configuration has no heads, n_layers: see GPT2Config"),
        ("t5", {}, "no causal language model of type 't5'; gpt2 is one"),
    ],
)
def test_mistakes_are_refused(config, overrides, message):
    with pytest.raises(ValueError, match=message):
        student.hugging_face_lm(11, config, **overrides)


def test_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"hugging_face_lm needs transformers: pip install 'paceline\[hf\]'"):
        student.hugging_face_lm(11)


def test_keeps_the_laws_of_a_student(suite):
    """With gpt2's own dropout of 0.1."""
    check_student(lambda k: student.TorchStudent(lambda: student.hugging_face_lm(12, **TINY["gpt2"]), k), suite)
