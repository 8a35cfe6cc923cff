import json
from pathlib import Path

from benchmarks.studies import meta

ROOT = Path(__file__).parents[3]


def test_it_measures_each_ratio_in_one_run():
    simulated = meta.simulation(16, 1)
    assert simulated["ratio"] > 1 and simulated["decisions_per_second"] > 0
    trained = meta.outside_the_network(16, 1)
    assert 0 < trained["share"] < 1 and trained["decisions_per_second"] > 0
    decided = meta.decision(1)
    assert 0 < decided["share"] < 1 and decided["microseconds"] > 0


def test_the_committed_figures_keep_what_the_page_says():
    record = json.loads((ROOT / "benchmarks/results/meta.json").read_text())
    assert record["simulation"]["ratio"] >= 20 and record["meta_training"]["share"] < 0.3
    assert record["decision"]["share"] < 0.01 and "dirty" not in record["environment"]["revision"]
    page = (ROOT / "docs/teachers/general.md").read_text()
    assert (
        f"{record['simulation']['ratio']:.0f} times" in page and f"{record['meta_training']['share']:.0%}"[:-1] in page
    )
    assert f"{record['decision']['microseconds']:.0f} microseconds" in page
