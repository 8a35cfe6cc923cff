"""The ground: tasks, suites, progress signals, features, and the curriculum as a gymnasium environment. No torch."""

import gymnasium

from envs.batch import IGNORE as IGNORE
from envs.batch import Batch as Batch
from envs.batch import Scores as Scores
from envs.batch import mix as mix
from envs.batch import stack as stack
from envs.curriculum import CurriculumEnv as CurriculumEnv
from envs.curriculum import CurriculumVectorEnv as CurriculumVectorEnv
from envs.curriculum import DiscreteArm as DiscreteArm
from envs.curriculum import FactoredArm as FactoredArm
from envs.curriculum import VectorDiscreteArm as VectorDiscreteArm
from envs.curriculum import VectorFactoredArm as VectorFactoredArm
from envs.learner import DivergedError as DivergedError
from envs.learner import Student as Student
from envs.scripted import ScriptedStudent as ScriptedStudent
from envs.suite import Arms as Arms
from envs.suite import Axis as Axis
from envs.suite import Difficulty as Difficulty
from envs.suite import Split as Split
from envs.suite import Suite as Suite
from envs.suite import Task as Task
from envs.tasks import Addition as Addition
from envs.tasks import Copy as Copy
from envs.tasks import TextTask as TextTask

gymnasium.register(
    id="paceline/Curriculum-v0",
    entry_point="envs.curriculum.single:CurriculumEnv",
    vector_entry_point="envs.curriculum.vector:CurriculumVectorEnv",
)
