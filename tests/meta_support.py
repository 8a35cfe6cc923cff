"""Shared by the tests of meta-training: one of seconds, and one that was halted in the middle."""

from benchmarks.meta.folder import prepare
from benchmarks.meta.training import MetaTrain, _plain, _Training
from envs.simulated import Population
from teacher.learned.settings import PPOSettings

SMALL = Population(num_arms=(2, 4), decisions=(10, 20))
QUICK = PPOSettings(rollout=16, batch_size=64, epochs=1, width=8)


def small(out, **changes):
    given = {
        "decisions": 512,
        "num_envs": 8,
        "evaluate_every": 256,
        "held_out": 10,
        "ppo": QUICK,
        "population": SMALL,
        "wandb": "disabled",
    }
    return MetaTrain(out=out, **{**given, **changes})


def halt(settings, save):
    """Trains to half of its decisions, with a checkpoint after every rollout; returns the checkpoint's place."""
    halted = _Training(settings)
    halted.out.mkdir()
    prepare(halted.out, _plain(settings), False)
    for rollout in halted.training.run():
        save(halted.checkpoint, {"training": halted.training.state_dict(), "rows": [], "seconds": 0.0})
        if rollout.decisions >= 256:
            break
    return halted.checkpoint
