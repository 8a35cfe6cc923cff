"""Each task trains a student above chance: minutes in all, run by ``make test-slow``."""

import numpy as np
import pytest

from benchmarks.settings import SUITES, make_student, make_suite
from envs import IGNORE, Split, Suite, stack
from envs.tasks import HuggingFaceTask

# Updates, arm (else the easiest) and student, where the general ones do not do.
UPDATES = {
    "parity": 600,
    "recall": 1500,
    "multi-query": 1000,
    "programs": 800,
    "listops": 800,
    "modular": 2500,
    "tscl-addition": 600,
}
ARM = {"n-gram": 2}  # of order 0 there is nothing to learn but the frequencies
STUDENT = {"tscl-addition": "seq2seq", "multi-query": "transformer"}


def data_set():
    """A data set of rows on this machine: sums in words of a kind, as hf would load them."""
    import datasets

    rows = [{"q": f"{a}+{b}", "a": str((a + b) % 10), "size": a + b} for a in range(25) for b in range(25)]
    return datasets.Dataset.from_list(rows)


def suite_named(name):
    if name == "hf":
        task = HuggingFaceTask(data_set(), question="q", answer="a", difficulty="size", levels=2)
        return Suite([task], name="hf")
    return make_suite(name, {})


def chance(batch):
    """Token accuracy of the best guess that sees only the position, counted from the first scored one."""
    scored = batch.targets[0] != IGNORE  # (B, T)
    first = scored.argmax(axis=1)
    rows, columns = np.nonzero(scored)
    place, target = columns - first[rows], batch.targets[0][rows, columns]
    hits = sum(np.bincount(target[place == p]).max() for p in np.unique(place))
    return hits / len(target)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUITES)
def test_a_student_gets_above_chance(name):
    suite = suite_named(name)
    student = make_student(STUDENT.get(name, "lstm"), suite, 1, {"learning_rate": 3e-3})
    student.reset([0])
    test = stack([suite.batch(ARM.get(name, 0), 0, 0, Split.TEST, 512)])
    guess, before = chance(test), student.evaluate(test).token_accuracy.mean()
    for index in range(UPDATES.get(name, 400)):
        student.train(stack([suite.batch(ARM.get(name, 0), index, 0, Split.TRAIN, 64)]))
    after = student.evaluate(test).token_accuracy.mean()
    assert after > guess + 0.1 * (1 - guess) and after > before, (
        f"{name}: token accuracy {after:.3f}, chance {guess:.3f}, before {before:.3f}"
    )
