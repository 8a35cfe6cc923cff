import math

import numpy as np
import pytest

import envs
from envs import Split
from envs.checks import check_task


def test_splits_hold_disjoint_documents_and_duplicates_are_dropped(documents):
    (documents / "first" / "copy.txt").write_bytes((documents / "first" / "0.txt").read_bytes())
    task = envs.TextTask(documents, contexts=(8, 16))
    parts = [set(task.documents(split)) for split in Split]
    assert [len(part) for part in parts] == [12, 2, 2]
    assert len(set.union(*parts)) == 16


def test_a_document_of_two_domains_belongs_to_one(documents):
    for number in range(8):
        (documents / "second" / f"copy{number}.txt").write_bytes((documents / "first" / f"{number}.txt").read_bytes())
    task = envs.TextTask(documents, contexts=(8,))
    parts = [task.documents(split) for split in Split]
    assert sum(map(len, parts)) == 16 == len(set().union(*parts))


def test_windows_come_from_the_split_and_domain_asked_for(documents):
    task = envs.TextTask(documents, contexts=(8, 16))
    for split in Split:
        batch = task.sample(np.random.default_rng(0), {"context": 16, "domain": "second"}, 200, split)
        assert batch.tokens.shape == (200, 16)
        for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
            window = bytes([*tokens.tolist(), int(targets[-1])])
            np.testing.assert_array_equal(tokens[1:], targets[:-1])
            assert any(window in document for document in task.documents(split)) and window[:1].isdigit()


def test_starts_are_uniform_over_all_windows(tmp_path):
    files = []
    for number, length in enumerate((10, 20, 40)):
        files.append(tmp_path / f"{number}.txt")
        files[-1].write_bytes(bytes(range(number * 50, number * 50 + length)))
    task = envs.TextTask(files, contexts=(8,))
    (train,) = task.documents(Split.TRAIN)
    first = task.sample(np.random.default_rng(0), {"context": 8, "domain": "text"}, 20_000, Split.TRAIN).tokens[:, 0]
    counts = np.bincount(first - train[0], minlength=len(train))
    assert (counts > 0).sum() == len(train) - 8
    assert counts[counts > 0].std() < 0.1 * 20_000 / (len(train) - 8) + 30


def test_default_source_is_the_standard_library_and_keeps_the_laws():
    task = envs.TextTask()
    domains = task.axes[1].values
    assert {"modules", "asyncio", "email", "encodings"} <= set(domains)
    assert b"import" in b"".join(task.documents(Split.TRAIN))
    check_task(task)


def test_longer_contexts_lie_beyond_where_documents_are_long_enough(documents):
    task = envs.TextTask(documents, contexts=(8,), beyond_contexts=(16, 100_000))
    assert [dict(d) for d in task.beyond] == [{"context": 16, "domain": d} for d in ("first", "second")]


def test_competence_is_linear_between_the_anchors():
    task = envs.TextTask(domains=["email"], start_bits=5, goal_bits=3)
    bits = np.array([6.0, 5.0, 4.0, 3.0, 2.0])
    np.testing.assert_allclose(task.competence(bits * np.log(2), bits, bits), [0, 0, 0.5, 1, 1])


def test_a_large_file_can_be_cut_into_documents(tmp_path):
    file = tmp_path / "book.txt"
    file.write_bytes(bytes(np.random.default_rng(0).integers(0, 256, 10_000, dtype=np.uint8)))
    with pytest.raises(ValueError, match=r"1 distinct documents .* chunk_bytes"):
        envs.TextTask([file], contexts=(8,))
    task = envs.TextTask([file], contexts=(8,), chunk_bytes=500)
    assert sum(len(task.documents(split)) for split in Split) == 20


def test_refuses_what_it_cannot_read(tmp_path, documents):
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        envs.TextTask(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="an empty name is not a folder"):
        envs.TextTask("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no files"):
        envs.TextTask(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="cannot read text file"):
        envs.TextTask([tmp_path / "missing.txt"])
    with pytest.raises(ValueError, match="unknown text domain 'third'; there are: first, second"):
        envs.TextTask(documents, contexts=(8,), domains=["third"])
    with pytest.raises(ValueError, match="contexts must be increasing"):
        envs.TextTask(documents, contexts=(8, 4))
    for start_bits in (2, math.inf):
        with pytest.raises(ValueError, match="start_bits must be finite and exceed goal_bits"):
            envs.TextTask(documents, contexts=(8,), start_bits=start_bits, goal_bits=2)
