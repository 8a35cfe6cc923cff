"""Students: any torch module as K learners, and built-in causal sequence models."""

from student.models import LSTM as LSTM
from student.models import Transformer as Transformer
from student.torch_student import TorchStudent as TorchStudent
