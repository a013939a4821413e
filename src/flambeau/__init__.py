"""flambeau: PyTorch's programming model, written entirely in Python.

>>> import flambeau as torch
>>> w = torch.tensor([1.0, 2.0], requires_grad=True)
>>> (w * w).sum().backward()
>>> w.grad
tensor([2., 4.])
"""

from __future__ import annotations

import importlib
import math
from typing import Any

from flambeau import autograd, ops
from flambeau._formats import *
from flambeau._info import *
from flambeau._typed import *
from flambeau.autograd import (
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from flambeau.ir import naming
from flambeau.ir.dtypes import (
    DType as dtype,
    bfloat16,
    bool_ as bool,
    finfo,
    float16,
    float32,
    float64,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from flambeau.ops import *
from flambeau.size import Size, device
from flambeau.tensor import Tensor

e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None
double, float, half = float64, float32, float16
long, int, short = int64, int32, int16

__version__ = "0.1.0"

# Imported when first used, so that ``import flambeau`` takes a blink.
_SUBMODULES = {
    "amp",
    "backends",
    "cuda",
    "distributed",
    "fft",
    "func",
    "jit",
    "linalg",
    "mps",
    "multiprocessing",
    "nn",
    "onnx",
    "optim",
    "random",
    "return_types",
    "serialization",
    "special",
    "testing",
    "types",
    "utils",
    "vision",
    "version",
}
_FROM = {
    "GradScaler": "amp",
    "autocast": "amp",
    "save": "serialization",
    "load": "serialization",
    "Generator": "random",
    "default_generator": "random",
    "fork_rng": "random",
    "get_rng_state": "random",
    "set_rng_state": "random",
    "initial_seed": "random",
    "manual_seed": "random",
    "seed": "random",
    "summary": "utils.summary",
}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    elif name in _FROM:
        value = getattr(importlib.import_module(f"{__name__}.{_FROM[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {naming.prefix()!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_FROM})
