import math
import sys

import datasets
import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.real.hugging_face import HuggingFaceTask


def sums(terms=(1, 2, 3), each=60):
    """Sums of one-digit numbers, all different, with their number of terms."""
    rng = np.random.default_rng(0)
    rows = {tuple(rng.integers(1, 10, n)) for n in terms for _ in range(40 * each)}
    rows = [row for n in terms for row in sorted(r for r in rows if len(r) == n)[:each]]
    return datasets.Dataset.from_dict(
        {
            "question": ["+".join(map(str, row)) for row in rows],
            "answer": [str(sum(row)) for row in rows],
            "total": [int(sum(row)) for row in rows],
            "terms": [len(row) for row in rows],
            "kind": [f"Level {len(row)}" for row in rows],
        }
    )


def lines(count=90):
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("abcde é"), 5 + k)) for k in range(count)]
    return datasets.Dataset.from_dict({"text": texts, "title": [str(k) for k in range(count)]})


ASKED = {"question": "question", "answer": "answer", "difficulty": "terms"}


def read(task, batch):
    """Question and answer of each row, through the symbols."""
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        said = [task.symbols[t] for t in tokens]
        scored = [task.symbols[t] for t in targets if t != IGNORE]
        assert scored[-1] == "END" and (np.diff(np.flatnonzero(targets != IGNORE)) == 1).all()
        at = said.index("SEP")
        assert targets[at] != IGNORE and (targets[:at] == IGNORE).all()
        yield "".join(said[:at]), "".join(scored[:-1])


@pytest.mark.parametrize("split", Split)
def test_answers_are_those_of_the_questions_and_of_the_level(split):
    task = HuggingFaceTask(sums((2, 3)), **ASKED)
    for level in (2, 3):
        pairs = set(read(task, task.sample(np.random.default_rng(0), {"level": level}, 500, split)))
        assert len(pairs) == {Split.TRAIN: 48}.get(split, 6)  # of 60: a tenth, a tenth, the others
        for question, answer in pairs:
            numbers = [int(n) for n in question.split("+")]
            assert len(numbers) == level and sum(numbers) == int(answer)


def test_the_worked_example_of_the_docstring():
    task = HuggingFaceTask(sums((2,)), **ASKED)
    rng = np.random.default_rng(0)
    batches = [task.sample(rng, {"level": 2}, 300, split) for split in Split]
    found = [(b, r) for b in batches for r in range(300) if bytes(b.tokens[r, :3].astype(np.uint8)) == b"2+2"]
    batch, row = found[0]
    assert [task.symbols[t] for t in batch.tokens[row][:5]] == ["2", "+", "2", "SEP", "4"]
    assert batch.targets[row][:5].tolist() == [IGNORE] * 3 + [ord("4"), 257]


def test_keeps_the_laws_of_a_task():
    check_task(HuggingFaceTask(sums((2, 3, 4)), **ASKED, beyond_levels=1))
    check_task(HuggingFaceTask(lines(), text="text", levels=3))


def test_splits_hold_disjoint_rows_and_duplicates_are_dropped():
    once = sums((2, 3))
    twice = datasets.concatenate_datasets([once, once, sums((2,)).map(lambda row: {"terms": 3})])
    task = HuggingFaceTask(twice, **ASKED)
    found = [row for level in (2, 3) for split in Split for row in task.contents(level, split)]
    assert len(found) == len(set(found)) == 120
    assert set(found) == {question.encode() for question in once["question"]}
    assert task.version == HuggingFaceTask(once, **ASKED).version


def test_texts_that_are_alike_once_cut_are_in_one_split():
    """What a student sees decides: forty beginnings, ten endings of each."""
    rows = [f"{start:02d} the same words {end}" for start in range(40) for end in range(10)]
    task = HuggingFaceTask(datasets.Dataset.from_dict({"text": rows}), text="text", levels=1, max_length=10)
    of = [set(task.contents(task.axes[0].values[0], split)) for split in Split]
    assert sum(map(len, of)) == len(set().union(*of)) == 40


def test_the_default_difficulty_is_the_length_before_it_is_cut():
    rows = [f"{i:03d}" + "x" * i for i in range(300)]
    task = HuggingFaceTask(datasets.Dataset.from_dict({"text": rows}), text="text", levels=3, max_length=50)
    assert task.axes[0].values == (0, 1, 2)


def test_text_is_a_stream_in_which_every_byte_but_the_first_is_scored():
    data = lines()
    task = HuggingFaceTask(data, text="text", levels=3)
    assert task.vocab_size == 256
    batch = task.sample(np.random.default_rng(0), {"level": 1}, 50, Split.TRAIN)
    texts = {text.encode() for text in data["text"]}
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        length = int((targets != IGNORE).sum())
        assert bytes([int(tokens[0]), *targets[:length].tolist()]) in texts
        assert (tokens[1:] == targets[:-1])[: length - 1].all()
        assert (tokens[length + 1 :] == 0).all() and (targets[length:] == IGNORE).all()


def test_levels_are_quantiles_of_the_length_by_default_easiest_first():
    task = HuggingFaceTask(lines(), text="text", levels=3)
    assert task.axes[0].values == (0, 1, 2)
    sizes = [[len(t) for split in Split for t in task.contents(level, split)] for level in range(3)]
    assert [len(level) for level in sizes] == [30, 30, 30]
    assert max(sizes[0]) <= min(sizes[1]) and max(sizes[1]) <= min(sizes[2])


def test_splits_depend_on_the_content_of_the_rows_not_on_their_order():
    forth, back = (HuggingFaceTask(sums((2,)).select(order), **ASKED) for order in (range(60), range(59, -1, -1)))
    for split in Split:
        assert forth.contents(2, split) == back.contents(2, split)


def test_a_quantile_belongs_to_the_easier_level():
    data = datasets.Dataset.from_dict({"t": [f"t{k}" for k in range(9)], "depth": [1, 2, 3, 4, 5, 6, 7, 8, 9]})
    task = HuggingFaceTask(data, text="t", difficulty="depth", levels=2)  # the median is 5
    sizes = [sum(len(task.contents(level, split)) for split in Split) for level in (0, 1)]
    assert sizes == [5, 4]


def test_levels_can_be_a_function_of_the_row():
    settings = {**ASKED, "difficulty": lambda row: int(row["kind"][-1]) / 2}
    task = HuggingFaceTask(sums((1, 2, 3), each=9), **settings, beyond_levels=1)
    assert task.axes[0].values == (0.5, 1) and task.beyond == ({"level": 1.5},)
    assert all(b"+" not in row for split in Split for row in task.contents(0.5, split))


def test_columns_are_joined_and_numbers_are_written_out():
    task = HuggingFaceTask(sums((2,)), question=["kind", "question"], answer="total")
    (question, answer), *_ = read(task, task.sample(np.random.default_rng(0), {"level": 15}, 1, Split.TRAIN))
    first, second = question.split(task.symbols[10])
    assert first == "Level" + task.symbols[32] + "2" and sum(map(int, second.split("+"))) == int(answer)


def test_a_long_text_is_cut_and_a_long_answer_refused():
    task = HuggingFaceTask(lines(), text="text", levels=1, max_length=7)
    assert max(len(t) for split in Split for t in task.contents(0, split)) == 7
    with pytest.raises(ValueError, match=r"60 of 120 questions .* longer than max_length 7, the longest has 9 tokens"):
        HuggingFaceTask(sums((2, 3)), **ASKED, max_length=7)


def test_competence_is_exact_match_or_linear_in_bits():
    scores = np.array([6.0, 5.0, 4.0, 3.0, 2.0]) * np.log(2), np.linspace(0, 1, 5), np.linspace(0, 0.5, 5)
    np.testing.assert_array_equal(HuggingFaceTask(sums((2,)), **ASKED).competence(*scores), scores[2])
    text = HuggingFaceTask(lines(), text="text", levels=1, start_bits=5, goal_bits=3)
    np.testing.assert_allclose(text.competence(*scores), [0, 0, 0.5, 1, 1])


def test_a_path_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    data, expected = sums((2, 3)), HuggingFaceTask(sums((2, 3)), **ASKED).version
    data.to_json(tmp_path / "sums.jsonl")
    data.save_to_disk(tmp_path / "saved")
    (tmp_path / "folder").mkdir()
    data.to_csv(tmp_path / "folder" / "sums.csv")
    for path in (tmp_path / "sums.jsonl", str(tmp_path / "saved"), tmp_path / "folder"):
        assert HuggingFaceTask(path, **ASKED).version == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"question": "ask"}, "the data set has no column 'ask'; there are: question, answer, total, terms, kind"),
        ({"difficulty": "depth"}, "the data set has no column 'depth'; there are: question"),
        (
            {"difficulty": "kind"},
            "difficulty of a row must be a finite number; got 'Level 2' in row 0: give a function",
        ),
        ({"difficulty": lambda row: float("nan")}, "must be a finite number; got nan in row 0"),
        ({"levels": 50}, r"level \d+ has [0-2] distinct rows, needs at least 3 .*: give fewer levels or more rows"),
        ({"text": "kind"}, "give either text, or question and answer; got text='kind', question='question'"),
        ({"answer": None}, "give either text, or question and answer; got text=None, question='question', answer=None"),
        ({"question": None, "answer": None}, "give either text, or question and answer; got text=None, question=None"),
        ({"max_length": 2}, "max_length must be at least 3"),
        ({"levels": 0}, r"levels at least 1 .*levels=0"),
        ({"beyond_levels": 2}, "beyond_levels must leave a level to teach; got 2 of 2"),
        ({"mastery": 0}, r"mastery be in \(0, 1\]"),
        ({"start_bits": 2, "goal_bits": 2}, "start_bits must be finite and exceed goal_bits"),
        ({"start_bits": math.inf}, "start_bits must be finite"),
    ],
)
def test_settings_and_columns_that_do_not_do_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        HuggingFaceTask(**{"source": sums((2, 3)), **ASKED, **settings})


def test_rows_that_do_not_do_are_refused():
    with pytest.raises(ValueError, match="an answer must not be empty; row 1 has none"):
        HuggingFaceTask(datasets.Dataset.from_dict({"q": list("abc"), "a": ["x", "", "z"]}), question="q", answer="a")
    with pytest.raises(ValueError, match="a text needs at least 2 bytes; row 2 has fewer"):
        HuggingFaceTask(datasets.Dataset.from_dict({"t": ["ab", "cd", "e"]}), text="t")
    with pytest.raises(ValueError, match=r"takes 1?\d\d distinct values, more than 50: give levels"):
        HuggingFaceTask(lines(200), text="text")
    with pytest.raises(TypeError, match="column 't' must hold text or whole numbers; got float in row 0"):
        HuggingFaceTask(datasets.Dataset.from_dict({"t": [0.5, 1.5]}), text="t")
    with pytest.raises(TypeError, match=r"source must be a datasets\.Dataset, a name or a path; got DatasetDict: ch"):
        HuggingFaceTask(datasets.DatasetDict({"train": lines()}), text="text")
    with pytest.raises(TypeError, match=r"source must be a datasets\.Dataset, a name or a path; got int"):
        HuggingFaceTask(3, text="text")


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'paceline\[hf\]'"):
        HuggingFaceTask("some/name", text="text")
