"""Figures lived again, beside the committed ones."""

import pytest
from records_support import lives

from benchmarks.store import UserError, write_json
from benchmarks.studies.records.same import Same, held_against


def test_the_same_updates_and_others():
    assert held_against(lives(200, 400), lives(200, 400, 600)) == "2 of 2 lifetimes take the same updates"
    assert held_against(lives(200, 700), lives(200, 400)) == (
        "1 of 2 lifetimes take the same updates, the others differ by at most 300; mean 450, was 300"
    )
    assert held_against(lives(200), {}) == ""


def test_a_line_per_suite_and_teacher(tmp_path, capsys):
    for folder, updates in (("again", (100, 300)), ("kept", (100, 200))):
        (tmp_path / folder).mkdir()
        write_json(tmp_path / folder / "recall-small-lstm.json", {"lifetimes": {"uniform": lives(*updates)}})
    write_json(tmp_path / "again" / "mine.json", {"lifetimes": {}})
    Same(tmp_path / "again", tmp_path / "kept").execute()
    assert capsys.readouterr().out.splitlines() == [
        "recall-small-lstm, uniform: 1 of 2 lifetimes take the same updates, the others differ by at most 100; "
        "mean 200, was 150"
    ]


def test_a_folder_without_figures_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no figures of a suite of record: give what --results of run named"):
        Same(tmp_path, tmp_path).execute()
