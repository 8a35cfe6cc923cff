"""What several test files need: the command line, and a module of a user's own."""

import sys

OWN_MODULE = """
import envs

suite = envs.Suite([envs.Addition(digits=range(1, 4))], name="own")


def make_student(vocab_size, num_learners=1):
    return envs.ScriptedStudent(suite, num_learners)


def nothing_made(vocab_size):
    return None


def broken(vocab_size):
    return 1 / 0
"""


def command(*arguments):
    """The command line as a process."""
    return [sys.executable, "-m", "benchmarks", *map(str, arguments)]
