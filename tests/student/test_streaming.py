import numpy as np
import pytest
import torch
from torch import nn

import envs
import student
from student import Stream, StreamingModel, generate, predict
from student.streaming import _draw

MODELS = {
    "lstm": lambda: student.LSTM(11, 12, num_layers=2),
    "transformer": lambda: student.Transformer(11, 16, num_heads=2, dropout=0.3),
    "mingru": lambda: student.MinGRU(11, 12, conv=4),
    "tcn": lambda: student.TCN(11, 12, num_layers=3),
    "gpt2": lambda: student.hugging_face_lm(11, "gpt2", n_embd=16, n_layer=2, n_head=2),
}


class Reruns(nn.Module):
    """The same model without start, step and resume, nor a vocab_size."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(tokens)


def made(name="lstm"):
    torch.manual_seed(0)
    return MODELS[name]().double()


def texts(*shape):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 11, shape))


@pytest.mark.parametrize("wrap", [lambda model: model, Reruns], ids=["streaming", "running again"])
def test_a_stream_gives_the_probabilities_of_the_parallel_pass(wrap):
    model, tokens = wrap(made("transformer")), texts(3, 9)
    assert isinstance(model, StreamingModel) == (wrap is not Reruns)
    whole, stream = predict(model, tokens), Stream(model)
    for _ in range(2):
        for t in range(9):
            torch.testing.assert_close(stream.push(tokens[:, t]), whole[:, t])
        stream.reset()
    one = stream.push(int(tokens[0, 0]))  # another number of sequences after reset
    torch.testing.assert_close(one, whole[:1, 0])
    torch.testing.assert_close(stream.push([int(tokens[0, 1])]), whole[:1, 1])


def test_a_stream_costs_one_step_per_token_and_a_module_without_steps_its_whole_history():
    lengths = []

    class Watched(Reruns):
        vocab_size = 11

        def forward(self, tokens):
            lengths.append(tokens.shape[1])
            return super().forward(tokens)

    stream = Stream(Watched(made()))
    for token in (3, 4, 5):
        stream.push(token)
    assert lengths == [1, 2, 3]
    model = made()
    model.register_forward_pre_hook(lambda *_: lengths.append(-1))
    stream = Stream(model)
    for token in (3, 4, 5):
        stream.push(token)
    assert lengths == [1, 2, 3]  # forward was not called


def test_generation_reads_the_prompt_in_one_pass_and_then_steps(monkeypatch):
    model, calls = made(), []
    for name in ("step", "resume"):
        real = getattr(model, name)
        monkeypatch.setattr(
            model, name, lambda tokens, state, real=real: calls.append(tuple(tokens.shape)) or real(tokens, state)
        )
    generate(model, texts(2, 5), 3)
    assert [shape for shape in calls if len(shape) == 1 or shape[1] > 1] == [(2, 5), (2,), (2,)]


def test_predictions_are_softmax_without_dropout_or_gradient():
    model, tokens = made("transformer"), texts(2, 7).numpy()
    probabilities = predict(model, tokens)
    expected = model.eval()(torch.from_numpy(tokens)).exp()
    torch.testing.assert_close(probabilities, expected / expected.sum(-1, keepdim=True))
    assert not probabilities.requires_grad


@pytest.mark.parametrize(
    "use", [lambda m: predict(m, [[1, 2]]), lambda m: generate(m, [[1, 2]], 3), lambda m: Stream(m).push(1)]
)
def test_modes_are_put_back_each_by_itself(use):
    model = made("transformer")
    model.train()
    model.blocks[1].eval()
    before = [module.training for module in model.modules()]
    use(model)
    assert [module.training for module in model.modules()] == before
    assert torch.is_grad_enabled()


def written(model, row, num_tokens):
    """The plain way: run again on everything, take the likeliest."""
    text = list(row)
    for _ in range(num_tokens):
        text.append(int(model(torch.tensor([text]))[0, -1].argmax()))
    return text[len(row) :]


@pytest.mark.parametrize("name", MODELS)
def test_greedy_generation_takes_the_likeliest_token_each_time(name):
    model, prompt = made(name).eval(), texts(3, 5)
    expected = [written(model, row, 6) for row in prompt.tolist()]
    assert generate(model, prompt, 6).tolist() == expected
    assert generate(Reruns(model), prompt.numpy(), 6).tolist() == expected


@pytest.mark.parametrize("wrap", [lambda model: model, Reruns], ids=["streaming", "running again"])
def test_each_row_goes_on_from_its_own_end(wrap):
    model, prompt, lengths = wrap(made("transformer").eval()), texts(5, 6), [2, 6, 1, 6, 3]
    for row, length in enumerate(lengths):
        prompt[row, length:] = -100  # whatever pads it is not looked at
    expected = [written(model, prompt[row, :length].tolist(), 4) for row, length in enumerate(lengths)]
    assert len(set(map(tuple, expected))) > 1
    assert generate(model, prompt, 4, lengths=lengths).tolist() == expected


def shares(model, prompt, **options):
    drawn = generate(model, np.tile(prompt, (20000, 1)), 1, generator=torch.Generator().manual_seed(0), **options)
    return np.bincount(drawn[:, 0], minlength=11) / len(drawn)


def test_draws_follow_the_tempered_probabilities():
    model = made()
    with torch.no_grad():
        model.read.weight.mul_(8)  # far from uniform
    p = predict(model, [[3, 1]])[0, -1].numpy()
    assert p.max() > 2 * p.min()
    for temperature in (1.0, 0.4, 3.0):
        tempered = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
        np.testing.assert_allclose(shares(model, [3, 1], temperature=temperature), tempered, atol=0.015)
    best = np.sort(p)[-3]
    cut = np.where(p >= best, p, 0) / p[p >= best].sum()
    found = shares(model, [3, 1], temperature=1.0, top_k=3)
    np.testing.assert_allclose(found, cut, atol=0.015)
    assert ((found > 0) == (cut > 0)).all()


def test_a_token_of_probability_zero_is_never_drawn():
    """Not even by noise that falls on the border between two tokens."""
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]] * 3)
    noise = torch.tensor([0.0, 0.5, 1 - 2**-53], dtype=torch.float64)
    assert _draw(logits, 1.0, None, noise).tolist() == [1, 2, 2]


def test_draws_come_from_the_generator_given():
    model, prompt = made(), texts(3, 4)

    def drawn(seed, **options):
        return generate(model, prompt, 20, 1.0, torch.Generator().manual_seed(seed), **options)

    before = torch.get_rng_state()
    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert torch.equal(before, torch.get_rng_state())
    # row 1 draws the same whatever the length of the others
    assert torch.equal(drawn(1)[1], drawn(1, lengths=[1, 4, 2])[1])
    assert torch.equal(drawn(1, top_k=1), generate(model, prompt, 20))
    torch.manual_seed(3)
    one = generate(model, prompt, 20, 1.0)
    assert not torch.equal(one, generate(model, prompt, 20, 1.0))
    torch.manual_seed(3)
    assert torch.equal(one, generate(model, prompt, 20, 1.0))


def test_exact_match_of_free_running_equals_argmax_under_teacher_forcing():
    """What ``Scores.sequence_accuracy`` claims, on a student that knows its sums in part."""
    suite = envs.Suite([envs.Addition(digits=(1,))])
    learner = student.TorchStudent(lambda: student.GRU(12, 32), learning_rate=1e-2)
    learner.reset([0])
    for index in range(150):
        learner.train(envs.stack([suite.batch(0, index, 0, envs.Split.TRAIN, 64)]))
    batch = suite.batch(0, 0, 0, envs.Split.TEST, 256)
    scores = learner.evaluate(envs.stack([batch]))
    answers = batch.targets[:, 3:]  # "a+b=" are the first four tokens
    given = generate(learner.models[0], batch.tokens[:, :4], 2).numpy()
    right = (given == answers).all(axis=1)
    assert 0.05 < right.mean() < 0.95
    np.testing.assert_array_equal(scores.sequence_accuracy[0], right)


@pytest.mark.parametrize("wrap", [lambda model: model, Reruns], ids=["streaming", "running again"])
@pytest.mark.parametrize("token", [-1, 11])
def test_tokens_outside_the_vocabulary_are_refused(wrap, token):
    model = wrap(made())
    message = rf"tokens must lie in \[0, 11\), the model's vocabulary; got {min(token, 3)} to {max(token, 3)}"
    for use in (lambda: predict(model, [[3, token]]), lambda: generate(model, [[3, token]], 2)):
        with pytest.raises(ValueError, match=message):
            use()
    stream = Stream(model)
    with pytest.raises(ValueError, match=r"\[0, 11\)"):
        stream.push(token)
    assert stream.push([3, 4]).shape == (2, 11)  # the refused push left nothing behind


@pytest.mark.parametrize("prompt", [[[]], [3, 4], np.zeros((0, 3), dtype=np.int64)])
def test_an_empty_prompt_is_refused(prompt):
    for use in (lambda: predict(made(), prompt), lambda: generate(made(), prompt, 2)):
        with pytest.raises(ValueError, match=r"tokens must be \(B, T\) with at least one token each; got shape"):
            use()


def test_tokens_that_are_no_whole_numbers_are_refused():
    with pytest.raises(ValueError, match=r"tokens must be whole numbers; got torch\.float"):
        predict(made(), [[0.5]])


@pytest.mark.parametrize(
    "options", [{"num_tokens": 0}, {"temperature": -0.1}, {"temperature": float("inf")}, {"top_k": 0}]
)
def test_settings_of_generation_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"num_tokens and top_k must be at least 1 .*{next(iter(options))}=.*"):
        generate(made(), [[1]], **{"num_tokens": 2, **options})


@pytest.mark.parametrize("lengths", [[0, 1], [1, 3], [1], 2])
def test_lengths_out_of_range_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths must be \(2,\) with values in \[1, 2\]; got"):
        generate(made(), [[1, 2], [3, 4]], 2, lengths=lengths)


def test_a_push_of_another_shape_is_refused():
    stream = Stream(made())
    for tokens in ([[1, 2]], []):
        with pytest.raises(ValueError, match=r"next token of each sequence, \(B,\); got shape"):
            stream.push(tokens)
    stream.push([1, 2])
    for tokens in (1, [1, 2, 3]):
        with pytest.raises(ValueError, match=r"next token of each sequence, \(2,\) until reset; got shape"):
            stream.push(tokens)
