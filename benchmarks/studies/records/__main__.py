"""``python -m benchmarks.studies.records``."""

from benchmarks.studies.records import Hardest, Look, Pair, Paper, Report, Run, Same, Static, Tables, Tune, Yoke
from benchmarks.terminal import from_command_line, guarded


def main() -> None:
    """Runs lifetimes and their controls, tunes, searches, keeps, looks, compares, or writes tables."""
    from_command_line(
        {
            "run": Run,
            "yoke": Yoke,
            "table": Tables,
            "tune": Tune,
            "static": Static,
            "paper": Paper,
            "look": Look,
            "report": Report,
            "hardest": Hardest,
            "pair": Pair,
            "same": Same,
        },
        "python -m benchmarks.studies.records",
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
