import json

import numpy as np
import pytest
from teacher_support import network_weights

from teacher.learned.files import CARD, WEIGHTS, load_policy, save_policy

FEATURES = ("exists", "shortfall", "staleness")


def weights(width=4):
    return network_weights(len(FEATURES), width)


@pytest.fixture
def folder(tmp_path):
    save_policy(tmp_path / "t", weights(), FEATURES, {"note": "a card"})
    return tmp_path / "t"


def test_what_is_saved_is_loaded(folder):
    policy = load_policy(folder)
    assert policy.features == FEATURES and policy.card["note"] == "a card"
    for name, value in weights().items():
        np.testing.assert_array_equal(policy.weights[name], value)
    assert sum(f.stat().st_size for f in folder.iterdir()) < 2**20
    assert sorted(f.name for f in folder.iterdir()) == [CARD, WEIGHTS]


def edit(folder, **changes):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changes}))


def rewrite(folder, change):
    changed = weights()
    change(changed)
    import safetensors.numpy

    (folder / WEIGHTS).write_bytes(safetensors.numpy.save(changed))


def spoil(name, value):
    def change(changed):
        changed[name] = value(changed[name])

    return lambda folder: rewrite(folder, change)


def with_nan(value):
    value = value.copy()
    value.flat[0] = np.nan
    return value


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: edit(f, version=2), r"must be a paceline.teacher of version 1; got .*'version': 2"),
        (lambda f: edit(f, format="other"), "must be a paceline.teacher of version 1"),
        (lambda f: edit(f, features=["exists"]), r"encode.weight of .* must have shape \(4, 1\); got \(4, 3\)"),
        (lambda f: edit(f, features=["exists", "other", "staleness"]), "one of them was changed"),
        (lambda f: edit(f, features="exists"), "features of .* must be names"),
        (lambda f: edit(f, fingerprint="0"), "has the fingerprint .* describes 0"),
        (lambda f: (f / CARD).write_text("[1]"), "got list"),
        (lambda f: (f / CARD).write_text("{"), "cannot read the teacher"),
        (lambda f: (f / CARD).unlink(), "cannot read the teacher"),
        (lambda f: (f / WEIGHTS).unlink(), "cannot read the teacher"),
        (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-40]), "cannot read the teacher"),
        (lambda f: (f / WEIGHTS).write_bytes(b""), "cannot read the teacher"),
        (spoil("mix.bias", with_nan), "mix.bias of .* holds values that are not finite"),
        (spoil("score.weight", lambda v: 2 * v), "one of them was changed"),
        (spoil("context.weight", lambda v: v[:, :3]), r"context.weight of .* must have shape \(4, 8\); got \(4, 3\)"),
        (lambda f: rewrite(f, lambda w: w.pop("mix.bias")), "must hold the weights"),
    ],
)
def test_damage_is_one_clear_line(folder, damage, said):
    damage(folder)
    with pytest.raises(ValueError, match=said) as error:
        load_policy(folder)
    assert "\n" not in str(error.value)


def test_bad_weights_are_not_saved_and_the_old_teacher_stays(folder):
    broken = weights()
    broken["mix.bias"] = with_nan(broken["mix.bias"])
    with pytest.raises(ValueError, match="not finite"):
        save_policy(folder, broken, FEATURES, {})
    assert load_policy(folder).card["note"] == "a card"


def test_any_flipped_byte_of_the_weights_is_noticed(folder):
    content = (folder / WEIGHTS).read_bytes()
    for at in range(0, len(content), 37):
        flipped = bytearray(content)
        flipped[at] ^= 0x10
        (folder / WEIGHTS).write_bytes(bytes(flipped))
        try:
            policy = load_policy(folder)
        except ValueError:
            continue
        for name, value in weights().items():  # a byte of the header that means nothing
            np.testing.assert_array_equal(policy.weights[name], value)
