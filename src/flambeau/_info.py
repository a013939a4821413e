"""Questions about the library and the machine: dtypes, threads, what kind of thing a value is."""

from __future__ import annotations

import os
from typing import Any

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.printing import get_printoptions, set_printoptions
from flambeau.size import check_device
from flambeau.tensor import Tensor

__all__ = [
    "are_deterministic_algorithms_enabled",
    "can_cast",
    "compile",
    "get_default_device",
    "get_default_dtype",
    "get_device",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "get_printoptions",
    "is_complex",
    "is_floating_point",
    "is_inference",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "is_storage",
    "is_tensor",
    "numel",
    "promote_types",
    "set_default_device",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_float32_matmul_precision",
    "set_num_interop_threads",
    "set_num_threads",
    "set_printoptions",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Always false: storages are not objects of their own here."""
    return False


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor's elements are floating-point numbers."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Always false: complex types are left out."""
    return False


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def is_signed(input: Tensor) -> bool:
    """Whether a tensor's dtype has negative numbers."""
    return input.is_signed()


def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made under ``inference_mode``."""
    return input.is_inference()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input.shape == other.shape


def is_nonzero(input: Tensor) -> bool:
    """Whether a tensor's only element is not zero; RuntimeError if it has not just one."""
    return bool(input)


def get_device(input: Tensor) -> int:
    """The number of a tensor's device: -1, the CPU."""
    return input.get_device()


def typename(obj: Any) -> str:
    """The name of a tensor's type, ``torch.FloatTensor``, or of an object's, with its module."""
    if isinstance(obj, Tensor):
        return obj.type()
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None) or ""
    if module in ("", "builtins"):
        return named.__qualname__
    return f"{module}.{named.__qualname__}"


def get_default_dtype() -> DType:
    """The dtype that Python floats get."""
    return dtypes.default()


def set_default_dtype(d: DType) -> None:
    """Let Python floats get dtype ``d`` from now on."""
    dtypes.set_default(d)


def set_default_tensor_type(t: Any) -> None:
    """Let Python floats get the dtype of a tensor type, ``torch.DoubleTensor`` or its name."""
    name = t if isinstance(t, str) else t.__name__
    kind = name.rpartition(".")[2]
    found = next((d for d in dtypes.ALL.values() if d.tensor_type == kind), None)
    if found is None:
        raise TypeError(f"invalid type object: {name}")
    set_default_dtype(found)


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that both convert to."""
    return dtypes.promote(type1, type2)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether an in-place operation may store results of one dtype in the other."""
    return from_.category <= to.category and not (from_.is_signed and not to.is_signed)


def get_default_device() -> Any:
    """Where new tensors live: the CPU."""
    return check_device("cpu")


def set_default_device(device: Any) -> None:
    """Accept the CPU; raise for a device that is not here."""
    check_device(device)


_threads = os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads compute."""
    return _threads


def set_num_threads(threads: int) -> None:
    """Let ``threads`` threads compute."""
    global _threads
    if not isinstance(threads, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    if threads <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _threads = threads


def get_num_interop_threads() -> int:
    """How many operations run side by side: one."""
    return 1


def set_num_interop_threads(threads: int) -> None:
    """Accepted for PyTorch's sake: operations run one after another."""


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted for PyTorch's sake: every algorithm here is deterministic."""


def are_deterministic_algorithms_enabled() -> bool:
    """True: every algorithm here is deterministic."""
    return True


_matmul_precision = "highest"


def set_float32_matmul_precision(precision: str) -> None:
    """Remembered for PyTorch's sake: products of float32 are always computed in float32."""
    global _matmul_precision
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"{precision} is not one of 'highest', 'high', or 'medium'")
    _matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was told."""
    return _matmul_precision


def set_warn_always(b: bool) -> None:
    """Accepted for PyTorch's sake: Python's warning filters decide here."""


def compile(model: Any = None, **options: Any) -> Any:
    """``model`` itself: what runs is recorded and compiled without being asked."""
    return (lambda function: function) if model is None else model
