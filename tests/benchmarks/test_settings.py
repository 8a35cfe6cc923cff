"""Cells as folders record them: those of before a setting came, too."""

import dataclasses

import pytest

from benchmarks.cli import main
from benchmarks.settings import read_cell
from benchmarks.store import read_sealed, write_sealed


def test_a_folder_of_before_a_setting_came_goes_on_as_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--seeds", "1")
    words += ("--teachers", "general", "--budget", "40", "--batch-size", "8", "--evaluate-every", "20", "--out", "out")
    words += ("--workers", "1", "--wandb", "disabled")
    main([*words, "--general.rehearsal", "0"])
    settings = read_sealed(tmp_path / "out/settings.json")
    for cell in settings["cells"]:
        del cell["options"]["teacher"]["rehearsal"]  # as it was recorded before
    write_sealed(tmp_path / "out/settings.json", settings)
    stamp = (tmp_path / "out/report.html").stat().st_mtime_ns
    main([*words, "--general.rehearsal", "0"])
    assert (tmp_path / "out/report.html").stat().st_mtime_ns == stamp
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(list(words))
    assert "(options.teacher.rehearsal was 0.0, is 0.5)" in capsys.readouterr().err


def test_nor_does_a_suites_setting_that_came_later_tell_lifetimes_apart(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ("run", "formal", "--student", "gru", "--gru.width", "8", "--teacher", "uniform", "--budget", "40")
    words += ("--batch-size", "8", "--evaluate-every", "20", "--wandb", "disabled", "--out", "out")
    main(list(words))
    before = read_sealed(tmp_path / "out/settings.json")
    (cell,) = before["cells"]
    digest = read_cell(cell).digest
    assert cell["options"]["suite"].pop("tested") == []
    assert read_cell(cell).digest == digest == dataclasses.replace(read_cell(cell), options={**cell["options"]}).digest
    write_sealed(tmp_path / "out/settings.json", before)
    stamp = (tmp_path / "out/report.html").stat().st_mtime_ns
    main(list(words))
    assert (tmp_path / "out/report.html").stat().st_mtime_ns == stamp
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*words, "--formal.tested", "2.5"])
    assert "(options.suite.tested was [], is [2.5])" in capsys.readouterr().err
