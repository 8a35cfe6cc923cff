"""``python -m benchmarks.studies.records``."""

import tyro

from benchmarks.studies.records import Run, Tables, Tune, Yoke
from benchmarks.terminal import guarded


def main() -> None:
    """Runs lifetimes, makes what controls replay, tunes, or writes what is known."""
    tyro.extras.subcommand_cli_from_dict(
        {"run": Run, "yoke": Yoke, "table": Tables, "tune": Tune}, prog="python -m benchmarks.studies.records"
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
