"""Learning-progress signals: what a student gained from a decision."""

from envs.progress.decision import ArmScores as ArmScores
from envs.progress.decision import Decision as Decision
from envs.progress.signals import NEEDS_ONE_ARM as NEEDS_ONE_ARM
from envs.progress.signals import SIGNALS as SIGNALS
