"""Tensors from data, from sizes and from patterns."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.ir import dtypes, naming
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e
from flambeau.ir.primitives.movement import IOTA
from flambeau.literals import to_array
from flambeau.ops._promotion import Number, as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.runtime import record
from flambeau.size import check_device
from flambeau.tensor import Tensor, emit, filled, from_node

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "range",
    "scalar_tensor",
    "tensor",
    "zeros",
    "zeros_like",
]

Device = Any
_range = range


def finished(tensor: Tensor, device: Device, requires_grad: bool) -> Tensor:
    """A new tensor with what every creating function's last arguments ask for."""
    check_device(device)
    if requires_grad and not tensor.is_floating_point():
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return tensor.requires_grad_() if requires_grad else tensor


@operation(namespaces=("torch",), cases=("[[1, 2], [3, 4]]", "2.5", "[True, False]", "[]"))
def tensor(
    data: Any,
    *,
    dtype: DType | None = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor from numbers, nested lists or arrays. The data is copied.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).dtype
    flambeau.int64
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach()"
            ".clone() or sourceTensor.detach().clone().requires_grad_(True), rather than "
            "torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        copied = data.detach().clone()
        return finished(copied if dtype is None else cast(copied, dtype), device, requires_grad)
    return finished(Tensor._from_array(*to_array(data, dtype)), device, requires_grad)


@operation(namespaces=("torch",), cases=("[[1, 2], [3, 4]]",))
def as_tensor(data: Any, dtype: DType | None = None, device: Device = None) -> Tensor:
    """``data`` as a tensor: itself when it is one of that dtype already."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else cast(data, dtype)
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any,
    *,
    dtype: DType | None = None,
    device: Device = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``obj`` as a tensor, copied when ``copy`` says so."""
    result = as_tensor(obj, dtype, device)
    return finished(result.clone() if copy else result, device, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor with an array's elements. They are copied: buffers here never change."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return Tensor._from_array(*to_array(ndarray))


def sizes_of(size: tuple[Any, ...], function: str = "") -> tuple[int, ...]:
    """The shape given as ``f(2, 3)`` or as ``f((2, 3))``; errors speak of ``function``."""
    if len(size) == 1 and isinstance(size[0], (float, str)):
        raise TypeError(
            f"{function}(): argument 'size' (position 1) must be tuple of ints, "
            f"not {type(size[0]).__name__}"
        )
    if len(size) == 1 and not isinstance(size[0], (int, Tensor)) and hasattr(size[0], "__iter__"):
        size = tuple(size[0])
    sizes = tuple(_size(n) for n in size)
    for n in sizes:
        if n < 0 and function == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(sizes)}"
            )
    return sizes


def _chosen(sizes: tuple[Any, ...], size: Any) -> tuple[Any, ...]:
    """The sizes given one by one, or as ``size=``."""
    return sizes if size is None else (size,)


def _size(n: Any) -> int:
    if isinstance(n, float) or not hasattr(n, "__index__"):
        raise TypeError(f"sizes must be integers, but found an element of type {type(n).__name__}")
    return n.__index__()


def _constant(
    value: Number,
    size: tuple[Any, ...],
    dtype: DType | None,
    device: Device,
    requires_grad: bool,
    function: str,
) -> Tensor:
    return finished(
        filled(sizes_of(size, function), value, dtype or dtypes.default()), device, requires_grad
    )


@operation(namespaces=("torch",), cases=("2, 3", "(2, 0)", "3, dtype=torch.int64"))
def zeros(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros of the given sizes: ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return _constant(0, _chosen(sizes, size), dtype, device, requires_grad, "zeros")


@operation(namespaces=("torch",), cases=("2, 3", "3, dtype=torch.bool"))
def ones(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Ones of the given sizes."""
    return _constant(1, _chosen(sizes, size), dtype, device, requires_grad, "ones")


def empty(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of the given sizes whose values mean nothing (zeros, here)."""
    return _constant(0, _chosen(sizes, size), dtype, device, requires_grad, "empty")


@operation(namespaces=("torch",), cases=("(2, 3), 1.5", "(2,), 7", "(2,), True"))
def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """``fill_value`` in every element; its type is the dtype unless one is given."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    result = filled(sizes_of((size,)), fill_value, dtype or dtypes.of_scalar(fill_value))
    return finished(result, device, requires_grad)


def _like(input: Tensor, value: Number, dtype: DType | None, **rest: Any) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    result = filled(input.shape, value, dtype or input.dtype)
    return finished(result, rest.get("device"), rest.get("requires_grad", False))


@operation(namespaces=("torch",), cases=("f(2, 3)", "i(0, 9, 3)"), differentiable=False)
def zeros_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """Zeros of the sizes and dtype of ``input``."""
    return _like(input, 0, dtype, **options)


@operation(namespaces=("torch",), cases=("f(2, 3)", "i(0, 9, 3)"), differentiable=False)
def ones_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """Ones of the sizes and dtype of ``input``."""
    return _like(input, 1, dtype, **options)


def empty_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """A tensor of the sizes and dtype of ``input`` whose values mean nothing."""
    return _like(input, 0, dtype, **options)


@operation(namespaces=("torch",), cases=("f(2, 3), 1.5",), differentiable=False)
def full_like(
    input: Tensor, fill_value: Number, *, dtype: DType | None = None, **options: Any
) -> Tensor:
    """``fill_value`` in the sizes and dtype of ``input``."""
    return _like(input, fill_value, dtype, **options)


@operation(
    namespaces=("torch",), cases=("5", "2, 10, 3", "1.0, 2.0, 0.25", "5, dtype=torch.float32")
)
def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """``start``, ``start + step`` … up to but without ``end``."""
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, Tensor) else x for x in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    integral = all(isinstance(x, int) for x in (start, end, step))
    dtype = dtype or (dtypes.int64 if integral else dtypes.default())
    count = math.ceil((end - start) / step)
    return finished(_progression(start, step, count, dtype), device, requires_grad)


def _progression(start: Number, step: Number, count: int, dtype: DType) -> Tensor:
    # Worked out in the widest type, then cast: as PyTorch's arange does.
    wide = dtypes.float64 if dtype.is_floating_point else dtypes.int64
    steps = from_node(record(IOTA, size=count, dtype=wide))
    if step != 1:
        steps = emit(e.MUL, steps, as_tensor_of(step, wide))
    if start != 0:
        steps = emit(e.ADD, steps, as_tensor_of(start, wide))
    return cast(steps, dtype)


def range(start: Number = 0, end: Number | None = None, step: Number = 1, **options: Any) -> Tensor:
    """As ``arange``, with ``end`` included. Deprecated, as in PyTorch."""
    warnings.warn(
        f"{naming.prefix()}.range is deprecated and will be removed in a future release because "
        "its behavior is inconsistent with Python's range builtin. Instead, use torch.arange, "
        "which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    dtype = options.get("dtype") or dtypes.default()
    return _progression(start, step, int((end - start) / step) + 1, dtype)


@operation(namespaces=("torch",), cases=("0, 1, 5", "-3.0, 10.0, 7", "0, 1, 1", "0, 5, 3"))
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` evenly spaced values from ``start`` to ``end``, both included."""
    start, end = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    dtype = dtype or dtypes.default()
    result = Tensor._from_array(_spaced(start, end, steps, dtype), dtype)
    return finished(result, device, requires_grad)


def _spaced(start: float, end: float, steps: int, dtype: DType) -> np.ndarray:
    """From both ends towards the middle, in the result's precision, as PyTorch rounds it."""
    if steps == 1:
        return np.full(1, start).astype(dtype.numpy)
    work = dtype.wide.numpy if dtype.is_floating_point else np.dtype(np.float32)
    first, last = work.type(start), work.type(end)
    step = (last - first) / work.type(max(steps - 1, 1))
    index = np.arange(steps).astype(work)
    low = first + step * index
    high = last - step * (work.type(steps - 1) - index)
    result = np.where(np.arange(steps) < steps // 2, low, high)
    return (result if dtype.is_floating_point else np.trunc(result)).astype(dtype.numpy)


@operation(namespaces=("torch",), cases=("0, 2, 5", "-1, 1, 3, base=2"))
def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType | None = None,
    device: Device = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """``base`` raised to ``steps`` evenly spaced exponents from ``start`` to ``end``."""
    dtype = dtype or dtypes.default()
    exponents = np.linspace(float(start), float(end), steps)
    result = Tensor._from_array(np.power(base, exponents).astype(dtype.numpy), dtype)
    return finished(result, device, requires_grad)


@operation(namespaces=("torch",), cases=("3", "2, 4", "0"))
def eye(
    n: int,
    m: int | None = None,
    *,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix, ``n`` by ``m``."""
    if n < 0 or (m is not None and m < 0):
        name, value = ("n", n) if n < 0 else ("m", m)
        raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    dtype = dtype or dtypes.default()
    return finished(
        Tensor._from_array(np.eye(n, m, dtype=dtype.numpy), dtype), device, requires_grad
    )


def scalar_tensor(s: Number, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """A 0-d tensor of the default dtype."""
    return as_tensor_of(s, dtype or dtypes.default())


# The new_… methods: as above, with the tensor's own dtype as the default --------------------


def _new(name: str, value: Number) -> Any:
    def method(self: Tensor, *size: Any, dtype: DType | None = None, **options: Any) -> Tensor:
        if not size and "size" in options:
            size = (options.pop("size"),)
        wanted = dtype or self.dtype
        return _constant(value, size, wanted, None, options.get("requires_grad", False), name)

    method.__name__ = name
    method.__doc__ = f"A tensor of the given sizes filled with {value}, in this one's dtype."
    return method


def _new_full(self: Tensor, size: Any, fill_value: Number, **options: Any) -> Tensor:
    """A tensor of the given sizes filled with a value, in this one's dtype."""
    return full(size, fill_value, **{**options, "dtype": options.get("dtype") or self.dtype})


def _new_tensor(self: Tensor, data: Any, **options: Any) -> Tensor:
    """A tensor from data, in this one's dtype."""
    return tensor(data, **{**options, "dtype": options.get("dtype") or self.dtype})


for _name, _value in (("new_zeros", 0), ("new_ones", 1), ("new_empty", 0)):
    setattr(Tensor, _name, _new(_name, _value))
Tensor.new_full = _new_full
Tensor.new_tensor = _new_tensor
