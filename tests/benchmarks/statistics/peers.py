"""Writes what other libraries say of some costs into ``peers.json``, for the tests beside it to hold ours against.

By hand, in an environment of its own (rliable needs an arch below 8, which needs a pandas below 3; the project's is
newer): ``pip install rliable==1.2.0 'arch<8' 'pandas<3' lifelines==0.30.3``, then
``python tests/benchmarks/statistics/peers.py``.
"""

import importlib.metadata
import json
from pathlib import Path

import lifelines
import numpy as np
from arch.bootstrap import IIDBootstrap
from rliable import library, metrics

REPS = 50_000
LIMIT = 0.55  # a budget, for the costs of one suite


def main() -> None:
    rng = np.random.default_rng(27)
    scores = np.minimum(rng.lognormal([-1.0, -0.7, -0.4, -1.3], 0.5, (10, 4)), 1.0).round(2)  # (seeds, suites)
    rivals = np.minimum(rng.lognormal(-0.6, 0.5, (9, 1)), 1.0).round(2)
    rivals[:3] = scores[:3, :1]  # ties
    by_name = {"ours": scores}
    iqm, iqm_interval = library.get_interval_estimates(
        by_name, lambda s: np.array([metrics.aggregate_iqm(s)]), reps=REPS
    )
    grid = np.array([0.1, 0.2, 0.35, 0.5, 0.75, 0.99])
    above, above_interval = library.create_performance_profile(by_name, grid, reps=5_000)
    pair = {"pair": (scores[:, :1], rivals)}
    # Its X is better with higher scores; ours is of costs, so theirs is the probability that the rivals' are higher.
    better = {"pair": pair["pair"][::-1]}
    share, share_interval = library.get_interval_estimates(better, metrics.probability_of_improvement, reps=REPS)
    limited, mastered = np.minimum(scores[:, 0], LIMIT), scores[:, 0] < LIMIT
    survival = lifelines.KaplanMeierFitter().fit(limited, mastered)
    costs = scores[:, 1]
    found = {
        "versions": {name: importlib.metadata.version(name) for name in ("rliable", "arch", "lifelines")},
        "scores": scores.tolist(),
        "rivals": rivals[:, 0].tolist(),
        "interquartile_mean": [float(iqm["ours"][0]), *iqm_interval["ours"][:, 0].tolist()],
        "grid": grid.tolist(),
        "profile": [(1 - above["ours"]).tolist(), *(1 - above_interval["ours"][::-1]).tolist()],
        "probability_of_improvement": [float(share["pair"]), *np.ravel(share_interval["pair"]).tolist()],
        "mean": [
            float(costs.mean()),
            *IIDBootstrap(costs, seed=0).conf_int(np.mean, REPS, "percentile")[:, 0].tolist(),
        ],
        "limit": LIMIT,
        "mastered_by": (1 - survival.survival_function_at_times(grid)).tolist(),
        "restricted_mean": float(lifelines.utils.restricted_mean_survival_time(survival, t=LIMIT)),
    }
    Path(__file__).with_name("peers.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
