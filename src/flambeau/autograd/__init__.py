"""Automatic differentiation: the recorded graph, its engine, and operations with derivatives."""

from flambeau.autograd import function, functional, graph, profiler
from flambeau.autograd.anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from flambeau.autograd.composite import CompositeOperator, composite
from flambeau.autograd.engine import backward, grad
from flambeau.autograd.function import Function, Operator, once_differentiable
from flambeau.autograd.gradcheck import gradcheck, gradgradcheck
from flambeau.autograd.inplace import assign
from flambeau.autograd.methods import (
    register_hook,
    register_post_accumulate_grad_hook,
    retain_grad,
)
from flambeau.autograd.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from flambeau.autograd.variable import Variable

__all__ = [
    "CompositeOperator",
    "Function",
    "Operator",
    "Variable",
    "assign",
    "backward",
    "composite",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "once_differentiable",
    "profiler",
    "register_hook",
    "register_post_accumulate_grad_hook",
    "retain_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
