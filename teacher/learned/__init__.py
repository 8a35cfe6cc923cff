"""Teachers learned across lifetimes: trained with stable-baselines3, deployed in numpy."""

from teacher.learned.files import LearnedPolicy as LearnedPolicy
from teacher.learned.files import load_policy as load_policy
from teacher.learned.files import save_policy as save_policy
from teacher.learned.ppo_teacher import PPOTeacher as PPOTeacher
from teacher.learned.ppo_teacher import load_general as load_general
