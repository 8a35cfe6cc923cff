"""Rules on competence, loss and staleness."""

from teacher.rules.adarft import AdaRFT as AdaRFT
from teacher.rules.by_loss import ODM as ODM
from teacher.rules.by_loss import LossProportional as LossProportional
from teacher.rules.by_loss import PrioritizedReplay as PrioritizedReplay
from teacher.rules.learnability import DUMP as DUMP
from teacher.rules.learnability import SEC as SEC
from teacher.rules.learnability import Learnability as Learnability
from teacher.rules.skill_it import SkillIt as SkillIt
from teacher.rules.target_deficit import TargetDeficit as TargetDeficit
