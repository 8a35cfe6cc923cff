"""Tasks, one per file, a room per kind; ``envs/tasks/modifiers`` wrap any of them."""

from envs.tasks.arithmetic.addition import Addition as Addition
from envs.tasks.arithmetic.addition_grid import AdditionGrid as AdditionGrid
from envs.tasks.arithmetic.modular import ModularArithmetic as ModularArithmetic
from envs.tasks.arithmetic.multiplication import Multiplication as Multiplication
from envs.tasks.arithmetic.tscl import TSCLAddition as TSCLAddition
from envs.tasks.formal.dyck import Dyck as Dyck
from envs.tasks.formal.listops import ListOps as ListOps
from envs.tasks.formal.parity import Parity as Parity
from envs.tasks.formal.stack import StackManipulation as StackManipulation
from envs.tasks.memory.copying import Copy as Copy
from envs.tasks.real.text import TextTask as TextTask
