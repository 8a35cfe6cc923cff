"""``python -m benchmarks.studies.evidence``."""

from benchmarks.studies.evidence import Frozen, Run, Table, Yoke
from benchmarks.terminal import from_command_line, guarded


def main() -> None:
    """Runs a part of the evidence."""
    from_command_line(
        {"run": Run, "yoke": Yoke, "frozen": Frozen, "table": Table}, "python -m benchmarks.studies.evidence"
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))
