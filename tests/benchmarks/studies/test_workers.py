"""The study of what a second worker gains measures whole commands, and says which one failed."""

import pytest

from benchmarks.store import UserError, read_json
from benchmarks.studies import workers


def test_efficiency_is_one_worker_over_twice_two(tmp_path, monkeypatch, capsys):
    took = {"--workers 1": 20.0, "--workers 2": 12.5, "--workers 2 --engine ray": 40.0}
    asked = []

    def seconds(words):
        asked.append(words)
        return next(value for flags, value in took.items() if words.endswith(f" {flags}"))

    monkeypatch.setattr(workers, "seconds", seconds)
    workers.Measure(blocks=2, out=tmp_path / "workers.json").execute()
    record = read_json(tmp_path / "workers.json")
    assert record["efficiency"] == {"two workers": 0.8, "two on Ray": 0.25}
    assert record["seconds"]["one worker"] == [20.0, 20.0] and len(asked) == 6 and len(set(asked[:3])) == 3
    assert "two workers: 0.80 of twice as fast (8 lifetimes)" in capsys.readouterr().out
    with pytest.raises(UserError, match="lifetimes must be even"):
        workers.Measure(lifetimes=3).execute()


def test_a_command_that_fails_is_said():
    with pytest.raises(UserError, match="paceline bench nowhere failed: paceline: unknown suite"):
        workers.seconds("bench nowhere")
