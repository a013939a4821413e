"""Schedulers of the learning rate.

A scheduler changes ``group["lr"]`` of an optimizer's groups, once an epoch or once a batch. The
learning rate is a run-time number of the compiled step, so no schedule costs a recompilation.
"""

from flambeau.optim.lr_scheduler._base import LRScheduler
from flambeau.optim.lr_scheduler._combined import ChainedScheduler, SequentialLR
from flambeau.optim.lr_scheduler._cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from flambeau.optim.lr_scheduler._cycles import CyclicLR, OneCycleLR
from flambeau.optim.lr_scheduler._factors import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from flambeau.optim.lr_scheduler._plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

_LRScheduler = LRScheduler  # the name it had before PyTorch 2.0
