"""What the tests of exports share: a pace that rises and falls, and the files of a lifetime's folder."""

import json

from benchmarks.store import checksums, write_sealed

FORMATS = ("json", "deepspeed", "llm-foundry", "weights")
# From easy to hard, with a fall in between; the last decision is shorter.
UPDATES = [10, 20, 30, 40, 45]
MIXTURES = [[1.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.0, 0.25, 0.75]]


def cell_of(run):
    (cell,) = run.glob("cells/*/*/*/*")
    return cell


def change(path, **values):
    """Other values in a file of a lifetime, as if they had been written so: checksums are made anew."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    reseal(path.parent)


def reseal(folder):
    path = folder / "summary.json"
    content = {name: value for name, value in json.loads(path.read_text()).items() if name != "checksum"}
    write_sealed(path, {**content, "files": checksums(folder, list(content["files"]))})
