"""Built-in sequence models, one family per file: tokens ``(B, T)`` to logits ``(B, T, V)``, any length."""

from student.models.hugging_face import hugging_face_lm as hugging_face_lm
from student.models.mingru import MinGRU as MinGRU
from student.models.recurrent import GRU as GRU
from student.models.recurrent import LSTM as LSTM
from student.models.recurrent import RNN as RNN
from student.models.seq2seq import Seq2Seq as Seq2Seq
from student.models.tcn import TCN as TCN
from student.models.transformer import Transformer as Transformer
