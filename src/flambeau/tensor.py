"""Tensor: a cell holding a value, a chain of view steps on it, and autograd metadata.

    Tensor a ───────────────► Cell ──► Node (the current value, immutable)
    Tensor a[0] ──[slice]──────┘ ▲
    Tensor a.detach() ───────────┘      an in-place write gives the cell a new node;
                                        every alias reads through the same cell

No operation is defined here. Each is bound as a method in the file that defines it, under
``flambeau.ops``; ``tensor.pyi`` lists them all with their sources.
"""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from flambeau import printing, runtime, views
from flambeau.ir import dtypes, naming
from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Primitive
from flambeau.ir.primitives import movement
from flambeau.ir.shapes import numel, strides_of
from flambeau.literals import to_array
from flambeau.size import CPU, Size, check_device, device
from flambeau.views import Geometry, Step

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "MANY",
    "UNRECORDED",
    "Cell",
    "Tensor",
    "emit",
    "emit_many",
    "filled",
    "from_node",
    "inference",
    "node_of",
    "view_of",
    "write",
]


#: Where a view comes from: an operation that gives several, or one under ``no_grad``.
MANY, UNRECORDED = "many", "unrecorded"


class _Inference(threading.local):
    """Whether this thread is in ``inference_mode``; ``regions`` counts those of all threads.

    The count lets tensors be made, outside of any region, without a look at the thread's state.
    """

    on = False
    regions = [0]

    def enter(self, on: bool) -> None:
        self.regions[0] += 1
        self.on = on

    def leave(self, outer: bool) -> None:
        self.regions[0] -= 1
        self.on = outer


inference = _Inference()
_regions = inference.regions


class Cell:
    """Storage: the current value, and how many times it has been written."""

    __slots__ = ("__weakref__", "node", "undo", "version")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.version = 0
        self.undo: runtime.Undo | None = None


class Tensor:
    """A multi-dimensional array of one dtype that records what is done to it.

    ``Tensor(data)`` and ``Tensor(*sizes)`` make one of the default dtype; ``tensor(data)`` is the
    usual way.

    >>> import flambeau as torch
    >>> torch.Tensor([[1, 2], [3, 4]])
    tensor([[1., 2.],
            [3., 4.]])
    """

    # The common case stands here, on the class, so that making a tensor sets one attribute.
    _cell: Cell
    _views: tuple[Step, ...] = ()
    _read: tuple[int, Node] | None = None  # a view's value, and the version it was read at
    _base: Tensor | None = None  # the tensor whose history a view belongs to
    _history: int = 0  # how often in-place writes through aliases rewrote that history
    _requires_grad: bool = False
    _grad_fn: Any = None
    _output_nr: int = 0
    _grad: Tensor | None = None
    _accumulator: ref | None = None
    _retains_grad: bool = False
    _backward_hooks: dict[int, Callable] | None = None
    _post_accumulate_grad_hooks: dict[int, Callable] | None = None
    _is_inference: bool = False
    _origin: str = ""  # of a view that must not be written: MANY or UNRECORDED
    _is_param: bool = False
    _is_number: bool = False  # stands for a Python number: gives way in type promotion
    is_cuda = is_sparse = is_quantized = is_mkldnn = is_mps = is_meta = is_nested = False
    is_xpu = is_ipu = is_xla = is_vulkan = False
    names: Any = None
    layout: Any = None
    __array_priority__ = 1000

    def __new__(cls, *data: Any, device: Any = None, dtype: DType | None = None) -> Tensor:
        """Make a tensor of the default dtype from data, or an uninitialised one from sizes."""
        check_device(device)
        dtype = dtype or dtypes.default()
        if len(data) == 1 and isinstance(data[0], Tensor):
            return cls._make_subclass(cls, data[0])
        if len(data) == 1 and not isinstance(data[0], int):
            if isinstance(data[0], Size):
                return cls._from_array(np.zeros(data[0], dtype.numpy), dtype)
            return cls._from_array(*to_array(data[0], dtype))
        return cls._from_array(np.zeros(data, dtype.numpy), dtype)

    @classmethod
    def _from_array(cls, array: np.ndarray, dtype: DType | None = None) -> Tensor:
        """A tensor on an array that nobody will change any more."""
        dtype = dtype or dtypes.from_numpy(array.dtype)
        self = object.__new__(cls)
        self._cell = Cell(runtime.add_leaf(array, dtype))
        if _regions[0] and inference.on:
            self._is_inference = True
        return self

    @staticmethod
    def _make_subclass(kind: type, data: Tensor, requires_grad: bool = False) -> Any:
        """A tensor of class ``kind`` that shares ``data``'s storage but not its history."""
        self = object.__new__(kind)
        self._cell = data._cell
        if data._views:
            self._views = data._views
        if requires_grad:
            self.requires_grad_(True)
        return self

    # Sizes and types --------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return tuple.__new__(Size, node_of(self).shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension; IndexError when there is no such one."""
        shape = self.shape
        if dim is None:
            return shape
        if not -max(len(shape), 1) <= dim < max(len(shape), 1):
            limit = max(len(shape), 1)
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], "
                f"but got {dim})"
            )
        if not shape:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        return shape[dim]

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return node_of(self).dtype

    @property
    def device(self) -> device:
        """Where the tensor lives: always the CPU."""
        return CPU

    def get_device(self) -> int:
        """The device's number: -1, the CPU."""
        return -1

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(node_of(self).shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(node_of(self).shape)

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return numel(node_of(self).shape)

    nelement = numel

    @property
    def itemsize(self) -> int:
        """The size of one element, in bytes."""
        return self.dtype.itemsize

    def element_size(self) -> int:
        """The size of one element, in bytes."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The size of all elements, in bytes."""
        return self.numel() * self.dtype.itemsize

    def is_floating_point(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Always false: complex types are left out."""
        return False

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self.dtype.is_signed

    def is_inference(self) -> bool:
        """Whether the tensor was made under ``inference_mode``."""
        return self._is_inference

    # Where the elements stand -----------------------------------------------------------

    def _geometry(self) -> Geometry:
        return views.geometry(self._cell.node.shape, self._views)

    def stride(self, dim: int | None = None) -> Any:
        """The steps, in elements, between neighbours along each dimension (or along one)."""
        strides = self._geometry().strides
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """How many elements of the storage precede the first one."""
        return self._geometry().offset

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements stand in row-major order without gaps."""
        if not self._views:
            return True
        shape, strides, _ = self._geometry()
        expected = strides_of(shape)
        return 0 in shape or all(
            n == 1 or s == e for n, s, e in zip(shape, strides, expected, strict=True)
        )

    def is_set_to(self, other: Tensor) -> bool:
        """Whether both are the same window on the same storage."""
        return self._cell is other._cell and self._geometry() == other._geometry()

    def _is_view(self) -> bool:
        return self._base is not None

    @property
    def _version(self) -> int:
        return self._cell.version

    def data_ptr(self) -> int:
        """A number that aliases of one storage share: equal for tensors that start together."""
        return id(self._cell) + self.storage_offset() * self.itemsize

    def _storage_key(self) -> Cell:
        return self._cell

    def _base_storage_array(self) -> np.ndarray:
        """All elements of the storage, flat."""
        return np.ascontiguousarray(runtime.realize(self._cell.node)).reshape(-1)

    @classmethod
    def _from_storage(
        cls, base: Tensor, size: tuple[int, ...], stride: tuple[int, ...], offset: int
    ) -> Tensor:
        """A view of the given geometry on another tensor's storage, with no history."""
        self = object.__new__(cls)
        self._cell = base._cell
        shape, strides = tuple(size), tuple(stride)
        node = base._cell.node
        if offset == 0 and shape == node.shape and strides == strides_of(shape):
            return self
        if offset == 0 and strides == strides_of(shape) and numel(shape) == numel(node.shape):
            self._views = (Step(movement.RESHAPE, {"shape": shape}),)
            return self
        attrs = {"shape": shape, "strides": strides, "offset": offset}
        self._views = (Step(movement.STRIDED, attrs),)
        return self

    # Values -----------------------------------------------------------------------------

    def _array(self) -> np.ndarray:
        """The elements; the array is shared and must not be written."""
        return np.asarray(runtime.realize(node_of(self)))

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array: shared, not copied, and therefore read-only."""
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. "
                "Use tensor.detach().numpy() instead."
            )
        if self.dtype is dtypes.bfloat16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        array = self._array().view()
        array.flags.writeable = False
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array.astype(dtype) if dtype is not None else array

    def item(self) -> Any:
        """The only element, as a Python number; RuntimeError when there is not just one."""
        array = self._array()
        if array.size != 1:
            raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
        return array.reshape(-1)[0].item()

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers."""
        array = self._array()
        if self.dtype is dtypes.bfloat16:
            array = array.astype(np.float32)
        return array.tolist()

    def __bool__(self) -> bool:
        array = self._array()
        if array.size == 1:
            return bool(array.reshape(-1)[0])
        kind = "no values" if array.size == 0 else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {kind} is ambiguous")

    def __int__(self) -> int:
        return int(self._scalar())

    def __float__(self) -> float:
        return float(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def _scalar(self) -> Any:
        if self.requires_grad and not runtime.is_ours(sys._getframe(2).f_code.co_filename):
            runtime.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
                "behavior.\nConsider using tensor.detach() first."
            )
        if self.numel() != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __index__(self) -> int:
        if self.dtype.is_floating_point or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return node_of(self).shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self.ndim else self  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (Tensor, int, float, bool)):
            return bool((self == element).any())  # type: ignore[attr-defined]
        raise RuntimeError(
            "Tensor.__contains__ only supports Tensor or scalar, "
            f"but you passed in a {type(element)}."
        )

    __hash__ = object.__hash__

    # Text -------------------------------------------------------------------------------

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return printing.format_tensor(
            self._array(),
            dtype=self.dtype,
            requires_grad=self.requires_grad,
            grad_fn_name=_history_name(self),
        )

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        if self.ndim == 0 and not self._is_param and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *self.__dict__})

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The type's name, ``torch.FloatTensor``; or the tensor cast to ``dtype``."""
        if dtype is None:
            return f"{naming.prefix()}.{self.dtype.tensor_type}"
        if isinstance(dtype, str):
            name = dtype.rpartition(".")[2]
            dtype = next((d for d in dtypes.ALL.values() if d.tensor_type == name), None)
            if dtype is None:
                raise ValueError(f"invalid type: '{name}'")
        return self.to(getattr(dtype, "dtype", dtype))  # type: ignore[attr-defined]

    # Gradients --------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor."""
        return self._requires_grad or self.grad_fn is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value and not self.dtype.is_floating_point:
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Let gradients flow to this leaf from now on (or stop them); gives itself."""
        if self.grad_fn is not None:
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to "
                    "use a computed variable in a subgraph that doesn't require differentiation "
                    "use var_no_grad = var.detach()."
                )
            return self
        if requires_grad and not self.dtype.is_floating_point:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if requires_grad and self._is_inference and not inference.on:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not "
                "allowed."
            )
        self._requires_grad = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    @property
    def grad_fn(self) -> Any:
        """The node of the autograd graph that made this tensor; None for a leaf."""
        base = self._base
        if base is not None and base._history != self._history:
            self._follow_base()
        return self._grad_fn

    def _follow_base(self) -> None:
        """Take up the history that an in-place write gave the base (bound by autograd)."""
        raise NotImplementedError

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` this tensor is."""
        return self._output_nr

    @property
    def grad(self) -> Tensor | None:
        """The gradient that ``backward`` accumulated; None before."""
        if self._grad is None and not self._retains_grad and self.grad_fn is not None:
            runtime.warn(_NO_GRAD)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            _check_gradient(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """Whether this non-leaf keeps its gradient."""
        return self._retains_grad

    def detach(self) -> Tensor:
        """The same storage with no history: gradients do not flow through it."""
        result = object.__new__(Tensor)
        result._cell = self._cell
        if self._views:
            result._views = self._views
        if self._is_inference:
            result._is_inference = True
        return result

    def detach_(self) -> Tensor:
        """Forget this tensor's history; gives itself."""
        if self._base is not None:
            raise RuntimeError(_DETACH_VIEW)
        self._grad_fn = None
        self._output_nr = 0
        self._requires_grad = False
        return self

    @property
    def data(self) -> Tensor:
        """The same storage with no history, as ``detach()``."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._cell = value._cell
        self._views = value._views
        self._read = None

    # Copying ----------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may "
                "be because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        result = object.__new__(type(self))
        memo[id(self)] = result
        # Aliases of one storage stay aliases of one (copied) storage.
        key = id(self._cell)
        if key not in memo:
            memo[key] = Cell(self._cell.node)
            memo.setdefault("cells", []).append(self._cell)
        result._cell = memo[key]
        if self._views:
            result._views = self._views
        result._requires_grad = self._requires_grad
        for name, value in self.__dict__.items():
            if not hasattr(Tensor, name) and name != "_cell":
                setattr(result, name, copy.deepcopy(value, memo))
        if self._grad is not None:
            result._grad = self._grad.__deepcopy__(memo)
        return result

    def __copy__(self) -> Tensor:
        result = object.__new__(type(self))
        result.__dict__.update(self.__dict__)
        return result

    def __reduce_ex__(self, protocol: Any) -> tuple:
        extra = {k: v for k, v in self.__dict__.items() if not hasattr(Tensor, k) and k != "_cell"}
        array = np.ascontiguousarray(self._array())
        return _rebuild, (type(self), array, self.dtype, self.requires_grad, extra)


def _rebuild(
    cls: type, array: np.ndarray, dtype: DType, requires_grad: bool, extra: dict[str, Any]
) -> Tensor:
    array.flags.writeable = False
    tensor = cls._make_subclass(cls, Tensor._from_array(array, dtype))  # type: ignore[attr-defined]
    tensor._requires_grad = requires_grad
    tensor.__dict__.update(extra)
    return tensor


_NO_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)
_DETACH_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
    "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
    "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
    "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
)


def _history_name(tensor: Tensor) -> str | None:
    fn = tensor.grad_fn
    return None if fn is None else type(fn).__name__


#: What PyTorch calls dtypes where it speaks of C++ types.
_C_NAMES = {
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "float32": "float",
    "float64": "double",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long",
    "bool": "bool",
}


def _check_gradient(tensor: Tensor, grad: Any) -> None:
    if not isinstance(grad, Tensor):
        raise TypeError(
            "assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(grad).__name__}"
        )
    if grad is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if grad.dtype is not tensor.dtype:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{_C_NAMES[grad.dtype.name]}' to a "
            f"tensor with grad_dtype '{tensor.dtype.tensor_type.removesuffix('Tensor')}'. The "
            "gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can "
            "set the tensor's grad_dtype attribute with a specific dtype, or None to allow any "
            "dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient "
            "may break downstream systems that assume they match."
        )
    if grad.shape != tensor.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(grad.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the "
            "same size"
        )


def node_of(tensor: Tensor) -> Node:
    """The tensor's current value."""
    steps = tensor._views
    cell = tensor._cell
    if not steps:
        return cell.node
    read = tensor._read
    if read is None or read[0] != cell.version:
        read = tensor._read = (cell.version, views.read(cell.node, steps))
    return read[1]


def from_node(node: Node) -> Tensor:
    """A new tensor, with a storage of its own, for a value."""
    tensor = _new(Tensor)
    cell = tensor._cell = _new(Cell)
    cell.node = node
    cell.version = 0
    cell.undo = None
    if _regions[0] and inference.on:
        tensor._is_inference = True
    return tensor


_new = object.__new__


def view_of(tensor: Tensor, step: Step, node: Node | None = None) -> Tensor:
    """A new tensor that is one more view step on the same storage; it shares the history too."""
    result = object.__new__(Tensor)
    cell = result._cell = tensor._cell
    result._views = (*tensor._views, step)
    node = node or runtime.record(step.primitive, node_of(tensor), **step.attrs)
    result._read = (cell.version, node)
    base = tensor._base
    result._base = tensor if base is None else base
    if tensor._origin:
        result._origin = tensor._origin
    if tensor._is_inference:
        result._is_inference = True
    result._history = result._base._history
    return result


def emit(primitive: Primitive, *inputs: Tensor, **attrs: Any) -> Tensor:
    """A new tensor for ``primitive(*inputs, **attrs)``, with no history."""
    nodes = [t._cell.node if not t._views else node_of(t) for t in inputs]
    return from_node(runtime.record(primitive, *nodes, **attrs))


def emit_many(primitive: Primitive, *inputs: Tensor, **attrs: Any) -> tuple[Tensor, ...]:
    """New tensors for the outputs of a primitive that has several."""
    return tuple(map(from_node, runtime.record_many(primitive, *map(node_of, inputs), **attrs)))


def filled(shape: tuple[int, ...], value: bool | int | float, dtype: DType) -> Tensor:
    """A new tensor whose elements are all ``value``."""
    scalar = runtime.constant(value, dtype)
    return from_node(runtime.record(movement.EXPAND, scalar, shape=tuple(shape)))


def write(tensor: Tensor, node: Node) -> None:
    """Give the tensor new elements, seen by every alias of its storage."""
    cell = tensor._cell
    before = cell.node
    cell.node = views.write_back(before, tensor._views, node)
    cell.version += 1
    runtime.note_write(cell, before)
    if tensor._views:
        tensor._read = (cell.version, node)
