"""Tasks, one per file."""

from envs.tasks.addition import Addition as Addition
from envs.tasks.text import TextTask as TextTask
