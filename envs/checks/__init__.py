"""Contract checkers for third parties' tasks, modifiers and students: named laws, one line to run them all."""

from envs.checks.modifier import MODIFIER_LAWS as MODIFIER_LAWS
from envs.checks.modifier import check_modifier as check_modifier
from envs.checks.student import STUDENT_LAWS as STUDENT_LAWS
from envs.checks.student import check_student as check_student
from envs.checks.task import TASK_LAWS as TASK_LAWS
from envs.checks.task import check_task as check_task
