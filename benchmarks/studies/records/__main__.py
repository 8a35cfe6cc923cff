"""``python -m benchmarks.studies.records``."""

import tyro

from benchmarks.studies.records import Look, Paper, Run, Tables, Tune, Yoke
from benchmarks.terminal import guarded


def main() -> None:
    """Runs lifetimes, makes what controls replay, tunes, keeps a source's own set-up, looks, or writes tables."""
    tyro.extras.subcommand_cli_from_dict(
        {"run": Run, "yoke": Yoke, "table": Tables, "tune": Tune, "paper": Paper, "look": Look},
        prog="python -m benchmarks.studies.records",
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
