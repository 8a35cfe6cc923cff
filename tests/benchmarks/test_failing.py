"""A lifetime that fails, whatever its student does, is written down, and the others go on."""

import pytest


@pytest.mark.parametrize(
    ("does", "said"),
    [("raise ValueError('out of ideas')", "out of ideas"), ("__import__('sys').exit(3)", "it left with sys.exit(3)")],
)
def test_one_failing_lifetime_does_not_take_the_others_with_it(paceline_here, tmp_path, does, said):
    (tmp_path / "bad.py").write_text(
        "import envs\nfrom own import suite\n"
        "class Bad(envs.ScriptedStudent):\n"
        "    def reset(self, seeds):\n        super().reset(seeds); self.seed = seeds[0]\n"
        "    def train(self, batch):\n"
        f"        if self.seed == 1 and self.skills.max() > 0.2: {does}\n"
        "        return super().train(batch)\n"
        "def make_student(vocab_size):\n    return Bad(suite)\n"
    )
    done = paceline_here(
        *("bench", "own:suite", "--students", "bad:make_student", "--teachers", "uniform", "--seeds", 3),
        *("--budget", 40, "--workers", 1, "--wandb", "disabled", "--out", "out"),
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert f"seed-1 stopped: {said}" in last and "2 of 3 lifetimes are finished" in last
    report = paceline_here("report", "out")
    assert report.returncode == 0
    assert "1 lifetimes are not finished" in (tmp_path / "out/report.html").read_text()
