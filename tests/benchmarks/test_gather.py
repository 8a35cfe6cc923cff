"""Tables and reports of finished lifetimes, also beside a bench that still runs."""

from benchmarks.store import only_writer, read_sealed

BENCH = ("bench", "addition-small", "--teachers", "uniform,exp3s", "--seeds", 2, "--lstm.width", 8, "--batch-size", 8)
COMMON = ("--budget", 20, "--workers", 1, "--evaluate-every", 200, "--wandb", "disabled")


def test_a_report_elsewhere_is_a_look_at_a_bench_that_runs(paceline_here, tmp_path):
    """Its folder is locked, one lifetime is not finished; nothing in it is touched."""
    assert paceline_here(*BENCH, *COMMON, "--out", "out").returncode == 0
    (tmp_path / "out/cells/addition-small/lstm/exp3s/seed-1/summary.json").unlink()
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with only_writer(tmp_path / "out"):
        refused = paceline_here("report", "out")
        looked = paceline_here("report", "out", "--out", "look")
    assert refused.returncode == 2 and "report out --out FOLDER" in refused.stderr
    assert looked.returncode == 0 and "(1 lifetimes are not finished)" in looked.stdout
    assert "1 lifetimes are not finished" in (tmp_path / "look/report.html").read_text()
    assert len(read_sealed(tmp_path / "look/summary.json")["groups"][0]["seeds"]) == 2
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    for words in (("--out", "out"), ("--out", "look", "--wandb", "offline")):
        wrong = paceline_here("report", "out", *words)
        assert wrong.returncode == 2 and "--out" in wrong.stderr
    (tmp_path / "mine").mkdir()
    ours, else_ = "holds files that are none of a report's", "holds something else than a report"
    for name, said in (("report.html", ours), ("summary.json", ours), ("thesis.tex", else_)):
        (tmp_path / "mine" / name).write_text("ten years")
        wrong = paceline_here("report", "out", "--out", "mine")
        assert wrong.returncode == 2 and said in wrong.stderr and wrong.stderr.count("\n") == 1
    assert {path.name: path.read_text() for path in (tmp_path / "mine").iterdir() if path.name != ".lock"} == {
        "report.html": "ten years",
        "summary.json": "ten years",
        "thesis.tex": "ten years",
    }
    (tmp_path / "look" / ".DS_Store").write_text("")
    for name in ("summary.json", "trace.parquet"):  # what it wrote itself it writes anew, damaged or not
        (tmp_path / "look" / name).write_text("")
        assert paceline_here("report", "out", "--out", "look").returncode == 0
