"""The layers, one file a family."""

from flambeau.nn.modules import (
    batchnorm,
    container,
    distance,
    flatten,
    instancenorm,
    linear,
    loss,
    normalization,
    rnn,
    sparse,
)
from flambeau.nn.modules.batchnorm import *
from flambeau.nn.modules.container import *
from flambeau.nn.modules.distance import *
from flambeau.nn.modules.flatten import *
from flambeau.nn.modules.instancenorm import *
from flambeau.nn.modules.linear import *
from flambeau.nn.modules.loss import *
from flambeau.nn.modules.module import Module
from flambeau.nn.modules.normalization import *
from flambeau.nn.modules.rnn import *
from flambeau.nn.modules.sparse import *

__all__ = [
    "Module",
    *batchnorm.__all__,
    *container.__all__,
    *distance.__all__,
    *flatten.__all__,
    *instancenorm.__all__,
    *linear.__all__,
    *loss.__all__,
    *normalization.__all__,
    *rnn.__all__,
    *sparse.__all__,
]
