"""``python -m benchmarks.studies.evidence``."""

import tyro

from benchmarks.studies.evidence import Frozen, Run, Table, Yoke
from benchmarks.terminal import guarded


def main() -> None:
    """Runs a part of the evidence."""
    tyro.extras.subcommand_cli_from_dict(
        {"run": Run, "yoke": Yoke, "frozen": Frozen, "table": Table}, prog="python -m benchmarks.studies.evidence"
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
