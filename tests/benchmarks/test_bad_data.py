"""Data that cannot be taught from: one clear line, exit code 2, nothing written."""

import numpy as np
import polars as pl
import pytest

QUICK = ("--budget", "20", "--wandb", "disabled", "--out", "out")
OWN = """
import numpy as np
from torch import nn

import envs


class Wild(envs.Copy):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return envs.Batch(batch.tokens + 5, batch.targets)


class WildAtFirst(envs.Copy):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return envs.Batch(batch.tokens - 9 * (difficulty["length"] == 2), batch.targets)


wild = envs.Suite([Wild()])
wild_at_first = envs.Suite([WildAtFirst()])


def small(vocab_size):
    return nn.Embedding(5, vocab_size)


def narrow(vocab_size):
    return nn.Embedding(vocab_size, 5)
"""


@pytest.fixture
def series(tmp_path):
    """CSV files of series by name."""
    wave = np.sin(np.arange(2000) / 7) + 2
    holed = wave.copy()
    holed[17] = np.nan
    for name, values in (("wave", wave), ("holed", holed), ("flat", np.full(2000, 3.0)), ("short", wave[:100])):
        pl.DataFrame({"t": [str(i) for i in range(len(values))], "level": values}).write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "words.csv").write_text("a,b\nx,y\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "page.pq").write_text("<html>")


FORECAST = ("run", "forecast", "--forecast.source")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*FORECAST, "holed.csv"), "has 1 values that are not finite, the first (nan) at index 17: interpolate"),
        ((*FORECAST, "flat.csv"), "series 'level' is constant"),
        ((*FORECAST, "short.csv"), "fewer than its longest window, 32 + 16"),
        ((*FORECAST, "wave.csv", "--forecast.columns", "sales"), "'sales'"),
        ((*FORECAST, "words.csv"), "no numeric column"),
        ((*FORECAST, "ragged.csv"), "ragged.csv is no table of numbers that can be read ("),
        ((*FORECAST, "empty.csv"), "empty.csv is no table of numbers that can be read (empty CSV): expected"),
        ((*FORECAST, "page.pq"), "page.pq is no table of numbers that can be read ("),
        ((*FORECAST, "nowhere.csv"), "there is no file nowhere.csv"),
        ((*FORECAST, "statsmodels:weather"), "unknown statsmodels data set 'weather'"),
        ((*FORECAST, "matplotlib:weather"), "unknown sample series 'weather'; there are: membrane"),
        (("run", "hf"), "suite hf needs a data set: give --hf.source"),
        (("run", "hf", "--hf.source", "rows.parquet", "--hf.text", "body"), "'body'"),
        (("run", "reasoning", "--reasoning.generator", "chain_sums"), "chain_sum"),
        (("run", "copy", "--copy.lengths", "4", "2"), "lengths must be increasing whole numbers from 1 on; got [4, 2]"),
        (("run", "noisy-addition", "--noisy-addition.rates", "0.5", "0.1"), "rates must be increasing"),
        (("run", "broken:wild"), "must be in [0, 9), its vocabulary; got 5 to 13"),
        (("run", "broken:wild_at_first"), "tokens of copy length=2 pattern=random must be in [0, 9)"),
        (("run", "copy", "--signal", "GVCG", "--redraw", "decision"), "needs a student whose train() reports"),
        (("run", "copy", "--student", "gpt2", "--gpt2.max-length", "12"), "as many positions as its longest arm"),
        (("run", "reasoning", "--reasoning.generator", "spell_backward"), "spell_backward cannot make a question at"),
        (
            ("run", "copy", "--student", "lstm", "--lstm.schedule", "phase"),
            "schedule phase warms up anew in each phase",
        ),
        (("run", "hf", "--hf.source", "nowhere.parquet", "--hf.text", "body"), "there is no file nowhere.parquet"),
        (("list", "broken:narrow"), "broken:narrow"),
        (("profile", "hf"), "suite hf needs a data set"),
        (("doctor", "lstm", "--suite", "hf"), "suite hf could not be made: suite hf needs a data set"),
        (("profile", "recall"), "recall is a suite of record: profile the suite that its preset names"),
        (("profile", "copy", "--out", "."), "--out must be a file in a folder that is there; got '.'"),
        (("profile", "copy", "--out", "nowhere/p.json"), "--out must be a file in a folder that is there"),
        (("run", "copy", "--student", "broken:small"), "make it with the suite's vocab_size"),
        (("run", "copy", "--student", "broken:narrow"), "to logits (B, T, V) with V above the largest target"),
        (
            ("run", "copy", "--signal", "VCG", "--redraw", "decision"),
            "complexity needs a module with uncertain weights",
        ),
        (("run", "copy", "--signal", "attention"), "attention is read from scaled_dot_product_attention, which LSTM"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_is_said_in_one_line(paceline_here, series, tmp_path, arguments, message):
    (tmp_path / "broken.py").write_text(OWN)
    pl.DataFrame({"text": ["a", "b"]}).write_parquet(tmp_path / "rows.parquet")
    said = paceline_here(*arguments, *(QUICK if arguments[0] == "run" else ()))
    assert said.returncode == 2, said.stdout
    *before, line = said.stderr.splitlines()
    assert line.startswith("paceline: ") and message in line, said.stderr
    assert all("examples" in other or not other for other in before), said.stderr  # datasets shows how far it has read
    assert not (tmp_path / "out").exists()
