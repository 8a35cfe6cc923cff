"""The curriculum as a gymnasium environment."""

from envs.curriculum.actions import DiscreteArm as DiscreteArm
from envs.curriculum.actions import FactoredArm as FactoredArm
from envs.curriculum.actions import VectorDiscreteArm as VectorDiscreteArm
from envs.curriculum.actions import VectorFactoredArm as VectorFactoredArm
from envs.curriculum.settings import CurriculumSettings as CurriculumSettings
from envs.curriculum.single import CurriculumEnv as CurriculumEnv
from envs.curriculum.vector import CurriculumVectorEnv as CurriculumVectorEnv
