"""Moving and casting all parameters and buffers of a module."""

from collections.abc import Callable
from typing import Any, Self

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.nn.modules._attributes import ModuleAttributes
from flambeau.nn.parameter import Parameter, is_lazy
from flambeau.tensor import Tensor

__all__ = ["Conversion"]


class Conversion(ModuleAttributes):
    """The methods of a module that change the type or the place of its tensors, in place."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the values of all parameters, gradients and buffers by ``fn`` of them.

        The parameters stay the same objects, so an optimizer that holds them is not disturbed.
        """
        if recurse:
            for child in self._modules.values():
                if child is not None:
                    child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                _replace_values(parameter, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move or cast the parameters and buffers.

        ``to(device=None, dtype=None, non_blocking=False)``, ``to(dtype)``, ``to(tensor)`` (its
        device and dtype). A dtype applies only to floating point and complex tensors, and has to
        be such a type itself; integer buffers keep theirs.
        """
        dtype, others, options = _split_dtype(args, kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, "
                f"but got desired dtype={dtype}"
            )

        def convert(tensor: Tensor) -> Tensor:
            cast = dtype if _is_inexact(tensor) else None
            return tensor.to(*others, **options, dtype=cast or tensor.dtype)

        return self._apply(convert)

    def type(self, dst_type: Any) -> Self:
        """Cast every parameter and buffer, integer ones too, to ``dst_type``."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self) -> Self:
        """Cast floating point parameters and buffers to float32."""
        return self._apply(_caster(dtypes.float32))

    def double(self) -> Self:
        """Cast floating point parameters and buffers to float64."""
        return self._apply(_caster(dtypes.float64))

    def half(self) -> Self:
        """Cast floating point parameters and buffers to float16."""
        return self._apply(_caster(dtypes.float16))

    def bfloat16(self) -> Self:
        """Cast floating point parameters and buffers to bfloat16."""
        return self._apply(_caster(dtypes.bfloat16))

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Any | None = None) -> Self:
        """Move all parameters and buffers to a GPU."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to ``device`` without copying the values, which are then not initialised."""
        return self._apply(lambda tensor: ops.empty_like(tensor, device=device), recurse=recurse)

    def share_memory(self) -> Self:
        """Return the module. Its tensors are immutable values; processes need not share them."""
        return self


def _replace_values(parameter: Parameter, fn: Callable[[Tensor], Tensor]) -> None:
    with no_grad():
        # A lazy parameter has no values; an empty tensor stands for its type and place.
        parameter.data = fn(parameter.data if is_lazy(parameter) else parameter)
        if parameter.grad is not None:
            parameter.grad.data = fn(parameter.grad)


def _is_inexact(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _caster(dtype: Any) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor


def _split_dtype(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Take the dtype out of the arguments of ``to``; what else there is goes to ``Tensor.to``."""
    options = dict(kwargs)
    dtype = options.pop("dtype", None)
    example = options.pop("tensor", None)
    others = []
    for argument in args:
        if isinstance(argument, Tensor):
            example = argument
        elif isinstance(argument, DType):
            dtype = argument
        else:
            others.append(argument)
    if example is not None:
        return example.dtype, (), {**options, "device": example.device}
    return dtype, tuple(others), options
