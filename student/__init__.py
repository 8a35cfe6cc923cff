"""Students: any torch module as K learners, built-in sequence models, and their use token by token."""

from student.experienced import Experienced as Experienced
from student.models import GRU as GRU
from student.models import LSTM as LSTM
from student.models import RNN as RNN
from student.models import TCN as TCN
from student.models import MinGRU as MinGRU
from student.models import Seq2Seq as Seq2Seq
from student.models import Transformer as Transformer
from student.models import hugging_face_lm as hugging_face_lm
from student.streaming import Stream as Stream
from student.streaming import StreamingModel as StreamingModel
from student.streaming import detached as detached
from student.streaming import generate as generate
from student.streaming import predict as predict
from student.torch_student import TorchStudent as TorchStudent
from student.variational import Variational as Variational
