"""Which learned teachers of a comparison are taken together; a comparison of real benches is in test_controls."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.gather import Lived
from benchmarks.meta.controls import random_weights
from benchmarks.meta.networks import networks_of, training_of
from benchmarks.settings import Cell, Schedule
from teacher.learned.files import load_policy, save_policy

TEACHERS = Path(__file__).parents[3] / "benchmarks/results/general/teachers"


def network(folder, seed, **training):
    """A network as a training of this seed might have left it; its fingerprint."""
    known = load_policy(TEACHERS / "general-0")
    card = {"name": folder.name, "training": {"seed": seed, "reward": "competence", **training}}
    return save_policy(folder, random_weights(known.weights, seed), known.features, card)


def lived(path, digest, label="general", teacher="general", seed=0, **options):
    cell = Cell("reverse", "gru", teacher, seed, Schedule(), options={"teacher": {"path": str(path), **options}})
    return Lived(Path(), cell, label, digest)


def fingerprint(name):
    return load_policy(TEACHERS / name).fingerprint


def kinds(*lives):
    return {name[2]: found.kind for name, found in networks_of(lives).items()}


def test_controls_are_never_taken_together_with_trained_ones(caplog):
    names = ("general-1", "general-2", "random-frozen", "shuffled-reward")
    found = kinds(*(lived(TEACHERS / name, fingerprint(name), label=name) for name in names))
    assert list(found) == ["general-1", "general-2"] and len(set(found.values())) == 1
    assert not caplog.messages  # nothing is missing: they are controls


def test_the_six_were_trained_alike_and_others_were_not():
    six = [TEACHERS / f"general-{number}" for number in range(6)]
    found = {training_of(str(path), fingerprint(path.name)) for path in six}
    assert len(found) == 1 and training_of("", fingerprint("general-0")) in found  # the one that ships
    for other in ("swift-0", "fine-tuned"):
        assert training_of(str(TEACHERS / other), fingerprint(other)) not in {*found, None}


def test_what_was_trained_or_is_used_otherwise_is_another_kind(tmp_path):
    digests = [network(tmp_path / str(seed), seed) for seed in range(2)]
    other = network(tmp_path / "other", 2, reward="progress", ppo={"gamma": 0.5})
    found = kinds(
        lived(tmp_path / "0", digests[0], "a", floor=0.0),
        lived(tmp_path / "1", digests[1], "b", floor=0.0),
        lived(tmp_path / "1", digests[1], "floor", floor=0.5),
        lived(tmp_path / "1", digests[1], "wrapped", teacher="general+floor", floor=0.0),
        lived(tmp_path / "other", other, "other", floor=0.0),
        lived("", "x", "exp3s", teacher="exp3s"),
    )
    assert found["a"] == found["b"] and len(set(found.values())) == 4 and "exp3s" not in found


def test_a_network_whose_training_is_not_told_any_more_is_left_out_with_a_warning(tmp_path, caplog):
    digests = [network(tmp_path / str(seed), seed) for seed in range(3)]
    lives = [lived(tmp_path / str(seed), digest, f"g{seed}") for seed, digest in enumerate(digests)]
    shutil.rmtree(tmp_path / "1")
    network(tmp_path / "2", 9)  # trained anew since
    assert list(networks_of(lives)) == [("reverse", "gru", "g0")]
    assert [message.split(" does not")[0] for message in caplog.messages] == [
        f"the card in {tmp_path / name}" for name in "12"
    ]
    caplog.clear()
    assert not networks_of(lives[1:2]) and not caplog.messages  # alone there is nothing to take together
    assert not networks_of([lives[0]._replace(reads=None)])


@pytest.mark.parametrize("card", [None, [], {}, {"fingerprint": "x"}, {"fingerprint": "x", "training": ["seed"]}])
def test_a_card_that_tells_of_no_training_is_none(tmp_path, card):
    if card is not None:
        (tmp_path / "teacher.json").write_text(json.dumps(card))
    assert training_of(str(tmp_path), "x") is None
