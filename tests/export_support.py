"""What the tests of exports share: a pace that rises and falls, and the files of a lifetime's folder."""

import json

FORMATS = ("json", "deepspeed", "llm-foundry", "weights")
# From easy to hard, with a fall in between; the last decision is shorter.
UPDATES = [10, 20, 30, 40, 45]
MIXTURES = [[1.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.0, 0.25, 0.75]]


def cell_of(run):
    (cell,) = run.glob("cells/*/*/*/*")
    return cell


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
