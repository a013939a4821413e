"""Tensors that modules recognise: parameters, buffers, and those whose shape is not known yet."""

from typing import Any

from flambeau import ops
from flambeau.tensor import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "is_lazy",
]


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    """Lets an instance of a user's Tensor subclass count as a Parameter, by a mark it carries."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        marked = isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        return cls is Parameter and marked


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that a module is to learn.

    Assigned as an attribute of a :class:`~flambeau.nn.Module` it joins ``module.parameters()``,
    and with it the optimizer, ``state_dict()`` and ``module.to(…)``. A plain tensor does not.

    Args:
        data: the initial value. The parameter shares its memory. Empty if left out.
        requires_grad: whether gradients are computed for it. Only floating point and complex
            tensors can have any.

    >>> import flambeau as torch
    >>> torch.nn.Parameter(torch.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = ops.empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            if requires_grad and not (data.is_floating_point() or data.is_complex()):
                raise RuntimeError(
                    "Only Tensors of floating point and complex dtype can require gradients"
                )
            return Tensor._make_subclass(cls, data, requires_grad)
        marked = data.detach().requires_grad_(requires_grad)
        if type(marked) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} requires "
                "that detach() returns an instance of the same type, but return type "
                f"{type(marked).__name__} was found instead. To use the type as a Parameter, "
                "please correct the detach() semantics defined by its __torch_dispatch__() "
                "implementation."
            )
        marked._is_param = True
        return marked

    def __deepcopy__(self, memo: dict[int, Any]) -> "Parameter":
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __repr__(self) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    """A buffer is an ordinary tensor that carries a mark."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        marked = isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)
        return cls is Buffer and marked


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that belongs to a module's state but is not learned, such as a running mean.

    Assigning one to an attribute is the same as ``register_buffer``.

    Args:
        data: the initial value. Empty if left out.
        persistent: whether it is part of ``state_dict()``.
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = ops.empty(0)
        marked: Any = data.detach().requires_grad_(data.requires_grad)
        marked.persistent = persistent
        marked._is_buffer = True
        return marked


_NO_VALUES = (
    "Attempted to use an uninitialized parameter in an operation. "
    "This error happens when you are using a `LazyModule` or explicitly manipulating "
    "`torch.nn.parameter.UninitializedParameter` objects. When using LazyModules Call "
    "`forward` with a dummy batch to initialize the parameters before calling torch functions"
)

_NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. "
    "This error usually happens in `load_state_dict` when trying to load "
    "an uninitialized parameter into an initialized one. "
    "Call `forward` to initialize the parameters before accessing their attributes."
)

_NOT_SHARED = (
    "Can't share memory on an uninitialized parameter or buffer. "
    "Call `forward` to initialize the parameters before calling "
    "`module.share_memory()`."
)


class UninitializedTensorMixin:
    """What a parameter or buffer without a shape can do: little until ``materialize``.

    It has a type and a place, which those of an empty tensor stand for.
    """

    cls_to_become: type
    requires_grad: bool
    _template: Tensor

    def materialize(self, shape: Any, device: Any | None = None, dtype: Any | None = None) -> None:
        """Turn into an ordinary parameter or buffer of this shape, its values not yet set."""
        template = self.__dict__.pop("_template")
        values = ops.empty(shape, device=device or template.device, dtype=dtype or template.dtype)
        self.__class__ = self.cls_to_become
        self.data = values

    @property
    def data(self) -> Tensor:
        """An empty tensor of the same type and place."""
        return self._template

    @data.setter
    def data(self, value: Tensor) -> None:
        self._template = value

    @property
    def dtype(self) -> Any:
        """The type it will have."""
        return self._template.dtype

    @property
    def device(self) -> Any:
        """Where it will live."""
        return self._template.device

    @property
    def shape(self) -> Any:
        """It has none: RuntimeError."""
        raise RuntimeError(_NO_SHAPE)

    @property
    def _cell(self) -> Any:
        raise ValueError(_NO_VALUES)

    @_cell.setter
    def _cell(self, value: Any) -> None:
        raise ValueError(_NO_VALUES)

    def share_memory_(self) -> Any:
        """There is nothing to share: RuntimeError."""
        raise RuntimeError(_NOT_SHARED)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            kind, arguments = self.__reduce_ex__(2)
            memo[id(self)] = kind(*arguments)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self.requires_grad, self.device, self.dtype)


def _without_shape(cls: Any, requires_grad: bool, device: Any, dtype: Any) -> Any:
    tensor = object.__new__(cls)
    tensor._template = ops.empty(0, device=device, dtype=dtype)
    return tensor.requires_grad_(requires_grad)


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape the first input will tell; see the ``Lazy…`` layers.

    Args:
        requires_grad: whether gradients will be computed for it.
        device: where it will live.
        dtype: the type it will have.
    """

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any | None = None, dtype: Any | None = None
    ) -> "UninitializedParameter":
        return _without_shape(cls, requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer whose shape the first input will tell.

    Args:
        requires_grad: whether gradients will be computed for it.
        device: where it will live.
        dtype: the type it will have.
        persistent: whether it is part of ``state_dict()``.
    """

    cls_to_become = Tensor

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any | None = None,
        dtype: Any | None = None,
        persistent: bool = True,
    ) -> "UninitializedBuffer":
        buffer = _without_shape(cls, requires_grad, device, dtype)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


def is_lazy(param: Any) -> bool:
    """Whether this parameter or buffer still waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)
