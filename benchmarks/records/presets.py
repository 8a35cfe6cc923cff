"""Each suite of record: its source, what its source found, and the flags that its presets stand for.

A preset is nothing but flags of ``paceline run`` and ``bench``: ``--preset small`` puts them in front of those that are
given, so that any of them can still be changed, and what was run is recorded flag by flag as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

METRIC = "updates to mastery, restricted to the budget"
PresetName = Literal["small", "tokens", "cosine", "paper"]
NAMES: tuple[PresetName, ...] = get_args(PresetName)


@dataclass(frozen=True)
class Preset:
    """One set-up.

    Attributes:
        suite: name of the suite.
        student: name of the student.
        flags: of the command line: the suite's, the student's and the schedule's.
        chosen: what is ours in it, since the source as we know it does not say, or could not be followed.
        others: by name of another student, flags that come after the preset's where that one alone is asked for: a
            budget that was calibrated on it.
        variant: it is the small one with other settings of its student: for that student alone, and without the
            comparisons that were fixed beforehand, which are the small one's.
    """

    suite: str
    student: str
    flags: str
    chosen: str = ""
    others: dict[str, str] = field(default_factory=dict)
    variant: bool = False


@dataclass(frozen=True)
class Record:
    """A suite of record.

    Attributes:
        title: what it is, in a few words.
        source: where it comes from.
        expected: what the source found of the order of teachers.
        small: a lifetime of at most a few minutes on one core.
        paper: the source's set-up, for a big machine.
        metric: the primary one, fixed beforehand.
        tokens: the small one with the tokens of an update held constant, not its sequences, where that was asked.
        cosine: the small one with a learning rate that falls, where that was asked.
    """

    title: str
    source: str
    expected: str
    small: Preset
    paper: Preset
    metric: str = METRIC
    tokens: Preset | None = None
    cosine: Preset | None = None

    def presets(self) -> dict[PresetName, Preset]:
        """Those that it has, by name."""
        own: dict[PresetName, Preset | None] = {"small": self.small, "tokens": self.tokens, "cosine": self.cosine}
        return {name: preset for name, preset in own.items() if preset is not None} | {"paper": self.paper}


_TSCL = "T. Matiisen et al., Teacher-Student Curriculum Learning (2017), arXiv:1707.00183"
_GRAVES = "A. Graves et al., Automated Curriculum Learning for Neural Networks (2017), arXiv:1704.03003"
_OURS = "optimiser, learning rate, batch and budget"
_COSINE = "as the small one; the learning rate falls along a cosine to a tenth at the end of the budget"
_TSCL_PAPER = "--seq2seq.width 128 --seq2seq.clip 2 --batch-size 4096 --updates-per-decision 10 --evaluate-every 50"

RECORDS: dict[str, Record] = {
    "addition-1d": Record(
        "addition of numbers of equally many digits",
        _TSCL,
        "TSCL's bandits before combined, combined before uniform sampling",
        Preset(
            "addition-small",
            "lstm",
            "--budget 8000",
            "1 to 3 digits; a decoder-only LSTM with teacher forcing and the answer's last digit first; batch 128",
            others={"transformer": "--budget 8000"},  # uniform sampling: 3,500 and 4,000 updates, seeds 100 and 101
        ),
        Preset(
            "tscl-addition",
            "seq2seq",
            f"--tscl-addition.dims 1 --tscl-addition.max-digits 9 {_TSCL_PAPER} --budget 60000",
            "the budget; mastery is judged on every length, held out",
        ),
        cosine=Preset("addition-small", "lstm", "--budget 8000 --lstm.schedule cosine", _COSINE, variant=True),
    ),
    "addition-2d": Record(
        "addition of numbers of different lengths, a grid of two axes",
        _TSCL,
        "TSCL's bandits before combined, combined before uniform sampling",
        Preset(
            "addition-2d",
            "lstm",
            "--addition-2d.first 1 2 3 --addition-2d.second 1 2 3 --budget 18000",
            "1 to 3 digits; a decoder-only LSTM with teacher forcing and the answer's last digit first; batch 128",
        ),
        Preset(
            "tscl-addition",
            "seq2seq",
            f"--tscl-addition.dims 2 --tscl-addition.max-digits 9 {_TSCL_PAPER} --budget 60000",
            "the budget",
        ),
    ),
    "repeat-copy": Record(
        "repeat a sequence a number of times, a grid of two axes",
        _GRAVES,
        "EXP3.S on prediction gain before uniform sampling, in some cases in half its time",
        Preset(
            "repeat-copy",
            "lstm",
            "--repeat-copy.lengths 1 2 3 4 --repeat-copy.repeats 1 2 3 --budget 5000 --evaluate-every 250",
            f"lengths and repeats, symbols instead of vectors of bits; {_OURS}",
            others={"transformer": "--budget 10000"},  # uniform sampling: 6,500 and 4,500 updates, seeds 100 and 101
        ),
        Preset(
            "repeat-copy",
            "lstm",
            "--repeat-copy.lengths 1 2 3 4 5 6 7 8 9 10 11 12 13 --repeat-copy.repeats 1 2 3 4 5 6 7 8 9 10 11 12 13 "
            "--lstm.width 512 --budget 100000 --evaluate-every 2500",
            f"symbols instead of vectors of bits; {_OURS}",
        ),
    ),
    "n-gram": Record(
        "text of n-gram models of orders 0 to 10; the highest order counts",
        _GRAVES,
        "EXP3.S on complexity gain before uniform sampling",
        Preset("n-gram", "lstm", "--n-gram.orders 0 1 2 3 4 --budget 5000", f"orders up to 4, the text; {_OURS}"),
        Preset(
            "n-gram",
            "lstm",
            "--lstm.width 512 --n-gram.length 150 --n-gram.goal-bits 0.5 --budget 100000",
            f"the text; order 10 is mastered at 1.04 bits per character, 0.83 of the way to its entropy; {_OURS}",
        ),
    ),
    "recall": Record(
        "copy, repeat copy and associative recall",
        "M. Collier, J. Beel, An Empirical Comparison of Syllabuses for Curriculum Learning (2018), arXiv:1809.10789",
        "EXP3.S on prediction gain as good as every hand-made syllabus",
        Preset(
            "memory",
            "lstm",
            "--budget 4000 --evaluate-every 200",
            f"short sequences of symbols, the three tasks in one curriculum; {_OURS}",
            others={"transformer": "--budget 5600"},  # uniform sampling: 2,800 and 1,000 updates, seeds 100 and 101
        ),
        Preset(
            "memory",
            "lstm",
            "--memory.lengths 1 2 4 6 8 10 12 14 16 18 20 --memory.repeat-lengths 2 4 6 8 10 "
            "--memory.repeats 2 4 6 8 10 --memory.items 2 3 4 5 6 --memory.item-length 3 "
            "--lstm.width 100 --batch-size 32 --budget 31250 "
            "--evaluate-every 2600",
            "symbols instead of vectors of eight bits, a grid of lengths, the three tasks in one curriculum; optimiser "
            "and learning rate",
        ),
        cosine=Preset(
            "memory", "lstm", "--budget 4000 --evaluate-every 200 --lstm.schedule cosine", _COSINE, variant=True
        ),
    ),
    "lego": Record(
        "chains of variables: a graph of skills",
        "M. Chen et al., Skill-it! (2023), arXiv:2307.14430; Y. Zhang et al. (2022), arXiv:2206.04301",
        "Skill-It before sampling all skills alike at half the samples, alike at all of them; far before random "
        "sampling of skewed data",
        Preset(
            "lego",
            "lstm",
            "--lego.chains 1 2 3 --lego.clauses 3 --lego.every-value --budget 6000 --evaluate-every 100",
            f"chains up to 3, every variable asked for, an LSTM; {_OURS}",
        ),
        Preset(
            "lego",
            "transformer",
            "--lego.chains 1 2 3 4 5 --lego.clauses 5 --transformer.width 768 --transformer.num-layers 12 "
            "--transformer.num-heads 12 --transformer.learning-rate 5e-5 --batch-size 32 --budget 6000 "
            "--evaluate-every 310",
            "random weights instead of GPT-Neo's; the learning rate",
        ),
    ),
    "formal": Record(
        "formal languages up the Chomsky hierarchy",
        "G. Deletang et al., Neural Networks and the Chomsky Hierarchy (2023), arXiv:2207.02098",
        "none: the source samples lengths uniformly",
        Preset(
            "formal",
            "lstm",
            "--budget 10500 --evaluate-every 350",
            f"five of its fifteen tasks, short, in one curriculum; {_OURS}",
        ),
        Preset(
            "formal",
            "lstm",
            "--formal.parities 1 2 4 8 16 24 32 40 --formal.operations 2 4 8 12 16 20 --formal.actions 1 2 4 8 16 24 "
            "--formal.reversals 1 2 4 8 16 24 32 40 --formal.copies 1 2 4 8 16 24 32 40 --formal.tested 1.5 2 "
            "2.5 --lstm.width 256 --lstm.learning-rate 1e-3 --batch-size 128 --budget 1000000 --evaluate-every 800",
            "five of its fifteen tasks, in one curriculum; a grid of lengths; tested at three lengths up to 100 (of "
            "modular arithmetic 50 numbers, of the stack 60 actions)",
        ),
    ),
    "programs": Record(
        "short programs to evaluate: length x nesting",
        "W. Zaremba, I. Sutskever, Learning to Execute (2014), arXiv:1410.4615",
        "combined before mix (every length and nesting alike: uniform here), before its baseline (target-only here) "
        "and naive",
        Preset(
            "programs",
            "lstm",
            "--programs.lengths 1 --programs.nestings 1 2 3 --programs.operators add subtract --programs.mastery 0.75 "
            "--budget 6000 --evaluate-every 250",
            f"one digit, three nestings, two operators; mastered at 0.75; every arm is a target; {_OURS}",
        ),
        Preset(
            "programs",
            "lstm",
            "--programs.lengths 1 2 3 4 5 6 --programs.nestings 1 2 3 --lstm.width 400 --lstm.num-layers 2 "
            "--lstm.embedding 400 --lstm.optimizer sgd --lstm.learning-rate 3 --lstm.clip 0.8 --lstm.schedule cosine "
            "--lstm.final-factor 0.002 --batch-size 100 --budget 60000 --evaluate-every 900",
            "whole programs instead of windows of 50 characters; the rate 3 and the clip 0.8 of a mean over answered "
            "characters for its 0.5 and 5 of their sum in a window; how the rate falls to a five-hundredth; initial "
            "weights; the grammar of programs; mastered at 0.98 of whole answers; the budget; every arm is a target",
        ),
    ),
    "text-domains": Record(
        "a byte-level language model over domains of real text",
        "A. Albalak et al., Efficient Online Data Mixing (2023), arXiv:2312.02406",
        "ODM before a static mixture; independent re-tests disagree",
        Preset(
            "text", "lstm", "--budget 4480 --evaluate-every 320", f"the standard library's sources, an LSTM; {_OURS}"
        ),
        Preset(
            "text",
            "transformer",
            "--text.contexts 256 512 1024 --transformer.width 768 --transformer.num-layers 12 "
            "--transformer.num-heads 12 --transformer.learning-rate 3e-4 --batch-size 64 --budget 50000 "
            "--evaluate-every 2500",
            "the standard library's sources unless --text.source names a corpus; a twelfth of the parameters; learning "
            "rate and budget",
        ),
        tokens=Preset(  # what an update of uniform sampling costs in the small one
            "text",
            "lstm",
            "--budget 4480 --evaluate-every 320 --tokens-per-update 2400",
            f"as the small one; every update has as many tokens, 37 to 150 sequences; {_OURS}",
        ),
    ),
    "forecast": Record(
        "forecasts of a real series: granularity x horizon x context",
        "A. Ansari et al., Chronos (2024), arXiv:2403.07815, for the tokens; its data has no curriculum",
        "none: no source",
        Preset("forecast", "lstm", "--budget 4160 --evaluate-every 320", "all of it"),
        Preset(
            "forecast",
            "lstm",
            "--lstm.width 512 --forecast.num-bins 512 --budget 50000 --evaluate-every 2000",
            "all of it",
        ),
    ),
}
