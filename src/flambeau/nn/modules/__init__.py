"""The layers, one file a family."""

from flambeau.nn.modules.container import (
    Container,
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from flambeau.nn.modules.linear import Bilinear, Identity, LazyLinear, Linear
from flambeau.nn.modules.module import Module

__all__ = [
    "Bilinear",
    "Container",
    "Identity",
    "LazyLinear",
    "Linear",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ParameterDict",
    "ParameterList",
    "Sequential",
]
