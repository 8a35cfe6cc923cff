"""The report: complete, self-contained, and a browser shows it without an error."""

import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
from process_support import ended
from tests_support import OWN_MODULE

from benchmarks.gather import TABLES, gather
from benchmarks.report import render
from benchmarks.store import read_json

PICTURES = True

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a bench of nine lifetimes."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "own.py").write_text(OWN_MODULE)
    arguments = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "uniform,combined,exp3s")
    arguments += ("--seeds", 3, "--budget", 320, "--evaluate-every", 40, "--workers", 1, "--wandb", "disabled")
    done = ended(*arguments, "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.fixture
def bench(made, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "out"))


def test_tables_and_summary_hold_every_lifetime(bench):
    results, trace = pl.read_parquet(bench / "results.parquet"), pl.read_parquet(bench / "trace.parquet")
    assert trace.select("teacher", "seed").unique().height == 9 == results.select("teacher", "seed").unique().height
    groups = {group["teacher"]: group for group in read_json(bench / "summary.json")["groups"]}
    assert groups["combined"]["solve_rate"] == 1.0 and groups["uniform"]["solve_rate"] == 0.0
    assert groups["combined"]["over_uniform"]["updates"]["bound"] == "at least"
    assert groups["combined"]["over_uniform"]["updates"]["probability_of_improvement"]["value"] == 1.0
    assert groups["uniform"]["cost_to_mastery"]["updates"]["values"] == [320, 320, 320]
    for unit in ("updates", "tokens", "forward_equivalents"):
        low, high = groups["combined"]["cost_to_mastery"][unit]["interval"]
        assert low <= groups["combined"]["cost_to_mastery"][unit]["mean"] <= high


def test_the_page_needs_nothing_else_and_says_what_it_shows(bench):
    page = (bench / "report.html").read_text()
    assert (
        not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']+""", page.replace("xlink:href", "href"))
        and "@import" not in page
    )
    assert page.count("<svg") == 14  # learning curves and shares mastered over four costs, and six pictures
    for words in (
        "Fewest updates to mastery: combined",
        "a tested claim needs at least 10 pairs",
        "beyond: never taught",
        "What each teacher did",
        "the same over seconds",
        "share mastered over forward-equivalents",
        "share mastered over seconds",
        "when this was learned",
        "Intervals of fewer than 8 seeds or pairs are too narrow",
        "not of pairs: every lifetime of the teacher's is held against every one of uniform's",
    ):
        assert words in page
    assert "≥ 320" in page  # uniform never mastered: shown as censored


def test_over_several_suites_few_seeds_are_said_to_be_few_too(bench):
    groups = read_json(bench / "summary.json")["groups"]
    tables = {name: pl.read_parquet(bench / f"{name}.parquet") for name in TABLES}
    twice = {name: pl.concat([table, table.with_columns(suite=pl.lit("again"))]) for name, table in tables.items()}
    page = render([*groups, *({**group, "suite": "again"} for group in groups)], twice, {}, [], {})
    assert "All 2 suites and students" in page
    assert page.count("hold the true interquartile mean of two suites 95 times of 100 held it 83 with 3 seeds") == 1
    assert page.count("hold the true mean 95 times of 100 held it 71 with 3 seeds") == 2


def test_what_an_update_took_is_shown_stage_by_stage(bench):
    page = (bench / "report.html").read_text()
    rows = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>.*</tr>", page)]
    early = [cells for cells in rows if cells[1:2] == ["early"]]
    assert [cells[0] for cells in early] == ["uniform", "combined", "exp3s"]
    assert all(float(cells[5]) > 50 for cells in early)  # MiB


def test_a_report_can_be_made_again_from_the_folder(bench, paceline):
    (bench / "report.html").unlink()
    done = paceline("report", "out")
    assert done.returncode == 0 and "report: out/report.html" in done.stdout and (bench / "report.html").exists()


def test_without_a_pair_nothing_is_compared_and_the_page_says_so(bench):
    for teacher, seed in (("uniform", 0), ("uniform", 1), ("exp3s", 2), ("combined", 0)):
        shutil.rmtree(bench / f"cells/own.suite/own.make_student/{teacher}/seed-{seed}")
    gather(bench)
    page = (bench / "report.html").read_text()
    said = "exp3s on none (2 lived, and 1 of uniform&#39;s); combined on 1 (2 lived, and 1 of uniform&#39;s)."
    assert f"the seeds that both have lived: {said}" in page
    table = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>.*</tr>", page)]
    rows = {cells[0]: cells for cells in table[::-1] if len(cells) == 7}  # the first of a teacher: of the main table
    assert rows["exp3s"][-2:] == ["", ""] and rows["combined"][-2:] == ["≥ 1.33", "1.00"]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here; .ci/run installs it")
def test_a_browser_shows_the_report(bench, tmp_path):
    """Rendered headless: seven open pictures, none empty; a box hides a teacher's curve, a click sorts a table."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    probe = bench / "probe.html"
    script = """<script>addEventListener('load', () => {
        const boxes = [...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect());
        const seen = boxes.filter(b => b.width > 300 && b.height > 60).length;
        document.querySelector('.choices input').click();
        const hidden = [...document.querySelectorAll('.hidden')].map(mark => mark.dataset.teacher);
        const table = document.querySelector('table');
        const order = () => [...table.tBodies[0].rows].map(row => row.cells[0].textContent).join(' ');
        table.tHead.rows[0].cells[3].click();
        const up = order();
        table.tHead.rows[0].cells[3].click();
        const one = new Set(hidden).size;
        document.title = `pictures ${seen} hidden ${hidden.length} of ${one} sorted ${up} / ${order()}`;
    })</script></body>"""
    probe.write_text((bench / "report.html").read_text().replace("</body>", script))
    shell = [BROWSER, *flags, "--dump-dom", f"file://{probe}"]
    shown = subprocess.run(shell, capture_output=True, text=True, timeout=90)
    title = re.search("<title>(.*)</title>", shown.stdout)[1]
    assert title.startswith("pictures 8 hidden 8 of 1 sorted combined ")  # a line and a band over each of four costs
    assert title.endswith(" combined")


def test_seconds_are_those_of_the_decisions_up_to_mastery(bench):
    summary, timing = read_json(bench / "summary.json"), pl.read_parquet(bench / "timing.parquet")
    results, trace = pl.read_parquet(bench / "results.parquet"), pl.read_parquet(bench / "trace.parquet")
    early = 0
    assert "seconds" not in results.columns  # these files are the same on every machine
    for group in summary["groups"]:
        record = group["cost_to_mastery"]["seconds"]
        assert record["censored"] == group["cost_to_mastery"]["updates"]["censored"]
        reached = group["cost_to_mastery"]["updates"]["values"]
        for seed, updates, value in zip(group["seeds"], reached, record["values"], strict=True):
            own = (pl.col("teacher") == group["teacher"]) & (pl.col("seed") == seed)
            num_decisions = trace.filter(own & (pl.col("updates") <= updates)).height
            spent = timing.filter(own).sort("decision")["training_seconds"].head(num_decisions).sum()
            assert value == pytest.approx(spent) and value > 0
            early += num_decisions < trace.filter(own).height
    assert early  # mastery is confirmed by a second evaluation, which is not counted


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here; .ci/run installs it")
def test_what_is_folded_on_the_screen_is_printed(bench, tmp_path):
    """A page with its folded parts takes more paper than one without."""
    whole = (bench / "report.html").read_text()
    sizes = []
    for name, page in (("whole", whole), ("without", re.sub(r"<details>.*?</details>", "", whole, flags=re.S))):
        (bench / f"{name}.html").write_text(page)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        shell = [BROWSER, *flags, f"--print-to-pdf={bench / name}.pdf", f"file://{bench / name}.html"]
        subprocess.run(shell, capture_output=True, timeout=90, check=True)
        sizes.append((bench / f"{name}.pdf").read_bytes().count(b"/Type /Page\n"))
    assert sizes[0] >= sizes[1] + 2  # three more axes and two more teachers
