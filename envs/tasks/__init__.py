"""Tasks, one per file, a room per kind; ``envs/tasks/modifiers`` wrap any of them."""

from envs.tasks.arithmetic.addition import Addition as Addition
from envs.tasks.memory.copying import Copy as Copy
from envs.tasks.real.text import TextTask as TextTask
