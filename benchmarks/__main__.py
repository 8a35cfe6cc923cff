"""``python -m benchmarks``: the same as ``paceline``."""

from benchmarks.cli import main

if __name__ == "__main__":
    main()
