"""What several test files need: the command line, and a module of a user's own."""

import sys
import warnings

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


def records(path):
    """The protobuf records of an offline file: a 7-byte header, then LevelDB log blocks of 32 KiB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wandb.proto import wandb_internal_pb2

    data, place, part = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        left = 32_768 - place % 32_768
        if left < 7:
            place += left
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        part += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # full, or last
            record = wandb_internal_pb2.Record()
            record.ParseFromString(part)
            yield record
            part = b""
