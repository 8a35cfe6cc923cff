import json

import numpy as np
import pytest
from teacher_support import act, chain, learn, random_feedback, started, write_schedule

from teacher import Replayed
from teacher.schedules import read_schedule

MIXTURES = [[1, 0, 0], [0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [0, 0, 1]]
COUNTS = [[64, 0, 0], [30, 20, 14], [0, 32, 32], [0, 0, 64]]
NAMES = chain(3).names


@pytest.fixture
def path(tmp_path):
    return write_schedule(tmp_path / "schedule.json", NAMES, MIXTURES, COUNTS)


def walk(taught, decisions, num_envs=1, seed=0):
    started(taught, 3, num_envs, seed)
    rng, mixtures = np.random.default_rng(1), []
    for _ in range(decisions):
        mixtures.append(act(taught, num_envs, 3))
        learn(taught, random_feedback(rng, np.full((num_envs, 3), 1 / 3)))
    return np.stack(mixtures, axis=1)  # (K, decisions, A)


def test_it_gives_the_mixtures_again_to_the_last_bit_and_holds_the_last(path):
    mixtures = walk(Replayed(path), 6, num_envs=2)
    np.testing.assert_array_equal(mixtures, [[*MIXTURES, MIXTURES[-1], MIXTURES[-1]]] * 2)


def test_again_it_begins_anew_in_its_order(path):
    np.testing.assert_array_equal(walk(Replayed(path, again=True), 10), [[*MIXTURES, *MIXTURES, *MIXTURES[:2]]])


def test_it_gives_the_counts_as_shares(path):
    np.testing.assert_allclose(walk(Replayed(path, counts=True), 4)[0], np.array(COUNTS) / 64)


def test_shuffled_gives_each_mixture_once_per_round_in_orders_of_its_own(path):
    mixtures = walk(Replayed(path, shuffled=True), 400, num_envs=3)
    orders = set()
    for row in mixtures:
        for begin in range(0, 400, 4):
            found = [MIXTURES.index(p.tolist()) for p in row[begin : begin + 4]]
            assert sorted(found) == [0, 1, 2, 3]
            orders.add(tuple(found))
    assert len(orders) == 24  # all there are
    assert (mixtures[0] != mixtures[1]).any() and (mixtures[1] != mixtures[2]).any()
    assert (mixtures[0][:40] != mixtures[0][40:80]).any()


def test_the_order_is_the_seeds(path):
    np.testing.assert_array_equal(
        walk(Replayed(path, shuffled=True), 20, num_envs=3, seed=5)[2],
        walk(Replayed(path, shuffled=True), 20, seed=7)[0],
    )


def test_weights_that_do_not_sum_to_one_are_normalised(tmp_path):
    path = write_schedule(tmp_path / "s.json", NAMES, [[1, 1, 2], [0.2, 0.3, 0.5]])
    np.testing.assert_allclose(walk(Replayed(path), 2)[0], [[0.25, 0.25, 0.5], [0.2, 0.3, 0.5]])


def test_what_is_read_is_what_was_written(path):
    record = read_schedule(path)
    assert tuple(record["arms"]) == NAMES
    np.testing.assert_array_equal(record["mixtures"], MIXTURES)
    np.testing.assert_array_equal(record["counts"], COUNTS)


def test_no_file_is_refused():
    with pytest.raises(ValueError, match="a replay needs a schedule: path="):
        started(Replayed())
    with pytest.raises(ValueError, match=r"cannot read the schedule nowhere.json: .*No such file"):
        started(Replayed("nowhere.json"))


def test_other_arms_are_refused(path):
    with pytest.raises(ValueError, match=r"is a schedule of the arms arm 0, arm 1, arm 2, \.\. \(3\); these are arm 0"):
        started(Replayed(path), 4)
    with pytest.raises(ValueError, match=r"these are arm 1, arm 0, arm 2, \.\. \(3\)"):
        started(Replayed(path), chain(3).permuted([1, 0, 2]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "cannot read the schedule"),
        ("[1, 2]", "must be a paceline.schedule of version 1; got list: export it again"),
        ('{"format": "paceline.schedule", "version": 2}', r"got {'format': 'paceline.schedule', 'version': 2}"),
        ('{"format": "other", "version": 1}', r"got {'format': 'other', 'version': 1}: export it again"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, text, message):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_schedule(tmp_path / "s.json")


@pytest.mark.parametrize("name", ["mixtures", "counts"])
@pytest.mark.parametrize(
    "table",
    [
        [],
        [[1, 2]],
        [[1, 2, -1]],
        [[0, 0, 0]],
        [[1, 2, None]],
        [[1, 2, "many"]],
        [[1, 2, 3], [1, 2]],
        "all",
        [[1, 2, float("nan")]],
    ],
    ids=["empty", "short", "negative", "zero", "null", "words", "ragged", "text", "nan"],
)
def test_tables_that_are_none_are_refused_by_name(path, tmp_path, name, table):
    record = json.loads((tmp_path / "schedule.json").read_text())
    (tmp_path / "schedule.json").write_text(json.dumps({**record, name: table}))
    with pytest.raises(ValueError, match=rf"^{name} of .* must be rows of one weight per arm, not negative"):
        read_schedule(path)


@pytest.mark.parametrize("name", ["mixtures", "counts", "arms"])
def test_a_missing_part_is_refused(path, tmp_path, name):
    record = json.loads((tmp_path / "schedule.json").read_text())
    del record[name]
    (tmp_path / "schedule.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="must be rows of one weight per arm"):
        read_schedule(path)


def test_each_seed_replays_a_file_of_its_own(tmp_path):
    for seed in (3, 4):
        write_schedule(tmp_path / f"{seed}.json", NAMES, np.roll(MIXTURES, seed, axis=1).tolist())
    for seed in (3, 4):
        mixtures = walk(Replayed(str(tmp_path / "{seed}.json")), 4, seed=seed)
        np.testing.assert_array_equal(mixtures[0], np.roll(MIXTURES, seed, axis=1))
    with pytest.raises(ValueError, match=r"has a \{seed\}, which is of one row; got 2 rows"):
        started(Replayed(str(tmp_path / "{seed}.json")), 3, 2, 3)
    with pytest.raises(ValueError, match=r"cannot read the schedule .*5\.json"):
        started(Replayed(str(tmp_path / "{seed}.json")), 3, 1, 5)


def test_a_file_that_changed_since_the_run_began_is_refused(path):
    taught = started(Replayed(path), 3)
    state = taught.state_dict()
    again = started(Replayed(path), 3)
    again.load_state_dict(state)
    assert act(again, 1, 3).tolist() == [MIXTURES[0]]
    write_schedule(path, NAMES, MIXTURES[::-1], COUNTS)
    changed = started(Replayed(path), 3)
    changed.load_state_dict(state)
    with pytest.raises(ValueError, match="has changed since the run began: restore it, or begin anew"):
        act(changed, 1, 3)
