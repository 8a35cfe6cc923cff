import pytest

from envs.simulated import Population


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"structures": (1.0,)}, "structures must have 6 shares; got 1"),
        ({"descriptions": (0.0, 0.0, 0.0)}, "descriptions must be shares, not negative, not all zero"),
        ({"effort": (0.5, 0.1)}, r"effort must be \(least, most\), not negative; got \(0.5, 0.1\)"),
        ({"effort": (0.0, 0.1)}, "effort is drawn log-uniformly and must be above 0"),
        ({"drift": 1.5}, r"drift must be a share in \[0, 1\]; got 1.5"),
        ({"num_arms": (0, 3)}, "a lifetime has at least one arm"),
        ({"common_loss": (0.0, 1.5)}, "common_loss must be shares, at most 1"),
        ({"returns": (0.0, 1.0)}, r"returns must be above 0 \(where arms learn untrained\) and at most 1"),
        ({"returns": (0.5, 1.5)}, "and at most 1; got"),
        ({"thresholds": (0.9, 1.0)}, "thresholds must be below 1 and above guessing"),
        ({"thresholds": (0.1, 0.2)}, "thresholds must be below 1 and above guessing"),
    ],
)
def test_what_is_out_of_range_is_refused(setting, said):
    with pytest.raises(ValueError, match=said):
        Population(**setting)
