"""Figures lived again, beside the committed ones."""

import dataclasses
from functools import partial

import pytest
from records_support import lives

from benchmarks.store import UserError, write_json
from benchmarks.studies.records.run import Run
from benchmarks.studies.records.same import Same, held_against

CELLS = {str(cell.seed): cell for _, cell in Run(seeds=4, teachers=("uniform",)).cells("recall")}


def lived(*updates, cells=CELLS, **other):
    """Figures of recall under uniform sampling, of these very lifetimes."""
    found = lives(*updates, budget=4000)
    return {s: {**life, "digest": cells[s].digest, "fingerprint": "f", **other} for s, life in found.items()}


held = partial(held_against, cells=CELLS)


def test_the_same_updates_and_others():
    assert held(lived(200, 400), lived(200, 400, 600)) == "2 of 2 lifetimes take the same updates"
    assert held(lived(200, 700), lived(200, 400)) == (
        "1 of 2 lifetimes take the same updates, the others differ by at most 300; mean 450, was 300"
    )
    assert held(lived(200), {}) == "no seed of it is committed"


def test_one_that_never_mastered_is_not_the_same_as_one_that_did_at_the_end():
    assert held(lived(None), lived(4000)).startswith("0 of 1 lifetimes take the same updates")


def test_other_settings_samples_and_entries_are_not_compared():
    said = "nothing to compare; 1 of other settings or samples, not compared"
    assert held(lived(200), lived(200, fingerprint="g")) == said
    assert held_against(lived(200), lived(200), {}) == said
    schedule = dataclasses.replace(CELLS["0"].schedule, batch_size=7)
    trial = {"0": dataclasses.replace(CELLS["0"], schedule=schedule)}
    assert held(lived(200, cells=trial), lived(200)) == said
    mixed = {**lived(200, 300), "1": lived(200, 300, fingerprint="g")["1"]}
    assert held(mixed, lived(200, 300)) == (
        "1 of 1 lifetimes take the same updates; 1 of other settings or samples, not compared"
    )


def test_a_line_per_suite_student_and_entry(tmp_path, capsys):
    for folder, updates in (("again", (100, 300)), ("kept", (100, 200))):
        (tmp_path / folder).mkdir()
        found = {"uniform": lived(*updates), **({"mine": lives(5)} if folder == "again" else {})}
        write_json(tmp_path / folder / "recall-small-lstm.json", {"lifetimes": found})
    Same(tmp_path / "again", tmp_path / "kept").execute()
    assert capsys.readouterr().out.splitlines() == [
        "recall, lstm, uniform: 1 of 2 lifetimes take the same updates, the others differ by at most 100; "
        "mean 200, was 150",
        "recall, lstm, mine: no seed of it is committed",
    ]


def test_a_folder_without_figures_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no figures of a suite of record: give what --results of run named"):
        Same(tmp_path, tmp_path).execute()
