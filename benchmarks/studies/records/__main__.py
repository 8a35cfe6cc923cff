"""``python -m benchmarks.studies.records``."""

import tyro

from benchmarks.studies.records import Paper, Run, Tables, Tune, Yoke
from benchmarks.terminal import guarded


def main() -> None:
    """Runs lifetimes, makes what controls replay, tunes, keeps a source's own set-up, or writes what is known."""
    tyro.extras.subcommand_cli_from_dict(
        {"run": Run, "yoke": Yoke, "table": Tables, "tune": Tune, "paper": Paper},
        prog="python -m benchmarks.studies.records",
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
