"""The surface of Tensor, made by tools/make_stubs.py from the sources named here."""

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import ref

import numpy as np

from flambeau.generator import Generator
from flambeau.handles import RemovableHandle
from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Primitive
from flambeau.size import Size, device
from flambeau.views import Geometry, Step

__all__ = ["Cell", "MANY", "Tensor", "UNRECORDED", "emit", "emit_many", "filled", "from_node", "inference", "node_of", "view_of", "write"]

MANY: str
UNRECORDED: str
inference: Any

class Cell:
    node: Node
    version: int
    def __init__(self, node: Node) -> None: ...  # tensor.py:83

class Tensor:
    __array_priority__: builtins.int
    _accumulator: ref | None
    _backward_hooks: dict[builtins.int, Callable] | None
    _base: Tensor | None
    _cell: Cell
    _grad: Tensor | None
    _grad_fn: Any
    _history: builtins.int
    _is_inference: builtins.bool
    _is_number: builtins.bool
    _is_param: builtins.bool
    _origin: str
    _output_nr: builtins.int
    _post_accumulate_grad_hooks: dict[builtins.int, Callable] | None
    _read: tuple[builtins.int, Node] | None
    _requires_grad: builtins.bool
    _retains_grad: builtins.bool
    _views: tuple[Step, ...]
    is_cuda: builtins.bool
    is_ipu: builtins.bool
    is_meta: builtins.bool
    is_mkldnn: builtins.bool
    is_mps: builtins.bool
    is_nested: builtins.bool
    is_quantized: builtins.bool
    is_sparse: builtins.bool
    is_vulkan: builtins.bool
    is_xla: builtins.bool
    is_xpu: builtins.bool
    layout: Any
    names: Any
    @property
    def H(self) -> Tensor: ...  # ops/shape.py:327
    @property
    def T(self) -> Tensor: ...  # ops/shape.py:327
    def __abs__(self) -> Tensor: ...  # ops/arithmetic.py:338
    def __add__(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:57
    def __and__(self, other: Any) -> Any: ...  # ops/logic.py:151
    def __array__(self, dtype: Any = ..., copy: builtins.bool | None = ...) -> np.ndarray: ...  # tensor.py:324
    def __bool__(self) -> builtins.bool: ...  # tensor.py:342
    def __complex__(self) -> complex: ...  # tensor.py:355
    def __contains__(self, element: Any) -> builtins.bool: ...  # tensor.py:386
    def __copy__(self) -> Tensor: ...  # tensor.py:569
    def __deepcopy__(self, memo: dict) -> Tensor: ...  # tensor.py:541
    def __dir__(self) -> list[str]: ...  # tensor.py:414
    def __eq__(self, other: Any) -> Any: ...  # type: ignore[override]
    def __float__(self) -> builtins.float: ...  # tensor.py:352
    def __floordiv__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:227
    def __format__(self, spec: str) -> str: ...  # tensor.py:409
    def __ge__(self, other: Any) -> Any: ...  # ops/comparison.py:111
    def __getitem__(self, index: Any) -> Tensor: ...  # ops/indexing.py:40
    def __gt__(self, other: Any) -> Any: ...  # ops/comparison.py:111
    def __hash__(self) -> Any: ...
    def __iadd__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __iand__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __ifloordiv__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __ilshift__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __imod__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __imul__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __index__(self) -> builtins.int: ...  # tensor.py:368
    def __int__(self) -> builtins.int: ...  # tensor.py:349
    def __invert__(self) -> Tensor: ...  # ops/logic.py:141
    def __ior__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __ipow__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __irshift__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __isub__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __iter__(self) -> Iterator[Tensor]: ...  # tensor.py:378
    def __itruediv__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __ixor__(self, other: Any) -> Tensor: ...  # type: ignore[misc]
    def __le__(self, other: Any) -> Any: ...  # ops/comparison.py:111
    def __len__(self) -> builtins.int: ...  # tensor.py:373
    def __lshift__(self, other: Any) -> Any: ...  # ops/logic.py:151
    def __lt__(self, other: Any) -> Any: ...  # ops/comparison.py:111
    def __matmul__(self, other: Tensor) -> Tensor: ...  # ops/products.py:312
    def __mod__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:258
    def __mul__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def __ne__(self, other: Any) -> Any: ...  # type: ignore[override]
    def __neg__(self) -> Tensor: ...  # ops/arithmetic.py:306
    @staticmethod
    def __new__(cls: Any, *data: Any, device: Any = ..., dtype: DType | None = ...) -> Tensor: ...  # tensor.py:125
    def __or__(self, other: Any) -> Any: ...  # ops/logic.py:151
    def __pos__(self) -> Tensor: ...  # ops/arithmetic.py:317
    def __pow__(self, exponent: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:417
    def __radd__(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:57
    def __rand__(self, other: Any) -> Any: ...  # ops/logic.py:161
    def __rdiv__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:498
    def __reduce_ex__(self, protocol: Any) -> tuple: ...  # tensor.py:574
    def __repr__(self, *, tensor_contents: Any = ...) -> str: ...  # tensor.py:398
    def __reversed__(self) -> Tensor: ...  # tensor.py:383
    def __rfloordiv__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:498
    def __rlshift__(self, other: Any) -> Any: ...  # ops/logic.py:161
    def __rmatmul__(self, other: Tensor) -> Tensor: ...  # ops/products.py:378
    def __rmod__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:498
    def __rmul__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def __ror__(self, other: Any) -> Any: ...  # ops/logic.py:161
    def __rpow__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:498
    def __rrshift__(self, other: Any) -> Any: ...  # ops/logic.py:161
    def __rshift__(self, other: Any) -> Any: ...  # ops/logic.py:151
    def __rsub__(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:126
    def __rtruediv__(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:498
    def __rxor__(self, other: Any) -> Any: ...  # ops/logic.py:161
    def __setitem__(self, index: Any, value: Any) -> None: ...  # ops/indexing.py:64
    def __str__(self) -> str: ...  # tensor.py:406
    def __sub__(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:84
    def __truediv__(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def __xor__(self, other: Any) -> Any: ...  # ops/logic.py:151
    def _array(self) -> np.ndarray: ...  # tensor.py:307
    def _base_storage_array(self) -> np.ndarray: ...  # tensor.py:283
    def _follow_base(self) -> None: ...  # autograd/inplace.py:166
    @classmethod
    def _from_array(cls, array: np.ndarray, dtype: DType | None = ...) -> Tensor: ...  # tensor.py:137
    @classmethod
    def _from_storage(cls, base: Tensor, size: tuple[builtins.int, ...], stride: tuple[builtins.int, ...], offset: builtins.int) -> Tensor: ...  # tensor.py:287
    def _geometry(self) -> Geometry: ...  # tensor.py:243
    def _is_view(self) -> builtins.bool: ...  # tensor.py:269
    @staticmethod
    def _make_subclass(kind: builtins.type, data: Tensor, requires_grad: builtins.bool = ...) -> Any: ...  # tensor.py:147
    def _scalar(self) -> Any: ...  # tensor.py:358
    def _storage_key(self) -> Cell: ...  # tensor.py:280
    @property
    def _version(self) -> builtins.int: ...  # tensor.py:272
    def abs(self) -> Tensor: ...  # ops/arithmetic.py:338
    def abs_(self) -> Tensor: ...  # ops/arithmetic.py:338
    def absolute(self) -> Tensor: ...  # ops/arithmetic.py:338
    def absolute_(self) -> Tensor: ...  # ops/arithmetic.py:338
    def acos(self) -> Tensor: ...  # ops/pointwise.py:174
    def acos_(self) -> Tensor: ...  # ops/pointwise.py:174
    def acosh(self) -> Tensor: ...  # ops/pointwise.py:256
    def acosh_(self) -> Tensor: ...  # ops/pointwise.py:256
    def add(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:57
    def add_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:57
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:192
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:192
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/mixing.py:199
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/mixing.py:199
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/mixing.py:182
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/mixing.py:182
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:121
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:121
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:267
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:267
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:288
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:288
    def adjoint(self) -> Tensor: ...  # ops/reals.py:72
    def all(self, dim: Any = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:434
    def allclose(self, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> builtins.bool: ...  # ops/comparison.py:203
    def amax(self, dim: Any = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/extremum.py:152
    def amin(self, dim: Any = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/extremum.py:161
    def aminmax(self, *, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:170
    def angle(self) -> Tensor: ...  # ops/reals.py:78
    def any(self, dim: Any = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:426
    def apply_(self, callable: Callable) -> Tensor: ...  # ops/housekeeping.py:80
    def arccos(self) -> Tensor: ...  # ops/pointwise.py:174
    def arccos_(self) -> Tensor: ...  # ops/pointwise.py:174
    def arccosh(self) -> Tensor: ...  # ops/pointwise.py:256
    def arccosh_(self) -> Tensor: ...  # ops/pointwise.py:256
    def arcsin(self) -> Tensor: ...  # ops/pointwise.py:168
    def arcsin_(self) -> Tensor: ...  # ops/pointwise.py:168
    def arcsinh(self) -> Tensor: ...  # ops/pointwise.py:250
    def arcsinh_(self) -> Tensor: ...  # ops/pointwise.py:250
    def arctan(self) -> Tensor: ...  # ops/pointwise.py:180
    def arctan2(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:242
    def arctan2_(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:242
    def arctan_(self) -> Tensor: ...  # ops/pointwise.py:180
    def arctanh(self) -> Tensor: ...  # ops/pointwise.py:264
    def arctanh_(self) -> Tensor: ...  # ops/pointwise.py:264
    def argmax(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/extremum.py:360
    def argmin(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/extremum.py:370
    def argsort(self, dim: builtins.int = ..., descending: builtins.bool = ..., *, stable: builtins.bool = ...) -> Tensor: ...  # ops/ordering.py:88
    def argwhere(self) -> Tensor: ...  # ops/indexing.py:458
    def as_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor: ...  # ops/shape.py:504
    def asin(self) -> Tensor: ...  # ops/pointwise.py:168
    def asin_(self) -> Tensor: ...  # ops/pointwise.py:168
    def asinh(self) -> Tensor: ...  # ops/pointwise.py:250
    def asinh_(self) -> Tensor: ...  # ops/pointwise.py:250
    def atan(self) -> Tensor: ...  # ops/pointwise.py:180
    def atan2(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:242
    def atan2_(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:242
    def atan_(self) -> Tensor: ...  # ops/pointwise.py:180
    def atanh(self) -> Tensor: ...  # ops/pointwise.py:264
    def atanh_(self) -> Tensor: ...  # ops/pointwise.py:264
    def backward(self, gradient: Tensor | None = ..., retain_graph: builtins.bool | None = ..., create_graph: builtins.bool = ..., inputs: Any = ...) -> None: ...  # autograd/methods.py:17
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:183
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.bool | builtins.int | builtins.float = ..., alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/products.py:183
    def bernoulli(self, p: builtins.float | None = ..., *, generator: Generator | None = ..., out: None = ...) -> Tensor: ...  # ops/random.py:329
    def bernoulli_(self, p: builtins.float | Tensor = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:223
    def bfloat16(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def bincount(self, weights: Tensor | None = ..., minlength: builtins.int = ...) -> Tensor: ...  # ops/statistics.py:291
    def bitwise_and(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:99
    def bitwise_and_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:99
    def bitwise_left_shift(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:126
    def bitwise_left_shift_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:126
    def bitwise_not(self) -> Tensor: ...  # ops/logic.py:117
    def bitwise_not_(self) -> Tensor: ...  # ops/logic.py:117
    def bitwise_or(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:105
    def bitwise_or_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:105
    def bitwise_right_shift(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:132
    def bitwise_right_shift_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:132
    def bitwise_xor(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:111
    def bitwise_xor_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/logic.py:111
    def bmm(self, mat2: Tensor) -> Tensor: ...  # ops/products.py:167
    def bool(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def broadcast_to(self, size: Sequence[builtins.int]) -> Tensor: ...  # ops/shape.py:396
    def byte(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def cauchy_(self, median: builtins.float = ..., sigma: builtins.float = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:251
    def ceil(self) -> Tensor: ...  # ops/rounding.py:66
    def ceil_(self) -> Tensor: ...  # ops/rounding.py:66
    def char(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def chunk(self, chunks: builtins.int, dim: builtins.int = ...) -> tuple[Tensor, ...]: ...  # ops/shape.py:659
    def clamp(self, min: Tensor | builtins.bool | builtins.int | builtins.float | None = ..., max: Tensor | builtins.bool | builtins.int | builtins.float | None = ...) -> Tensor: ...  # ops/selection.py:205
    def clamp_(self, min: Tensor | builtins.bool | builtins.int | builtins.float | None = ..., max: Tensor | builtins.bool | builtins.int | builtins.float | None = ...) -> Tensor: ...  # ops/selection.py:205
    def clamp_max(self, max: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/selection.py:275
    def clamp_max_(self, max: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/selection.py:275
    def clamp_min(self, min: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/selection.py:261
    def clamp_min_(self, min: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/selection.py:261
    def clip(self, min: Tensor | builtins.bool | builtins.int | builtins.float | None = ..., max: Tensor | builtins.bool | builtins.int | builtins.float | None = ...) -> Tensor: ...  # ops/selection.py:205
    def clip_(self, min: Tensor | builtins.bool | builtins.int | builtins.float | None = ..., max: Tensor | builtins.bool | builtins.int | builtins.float | None = ...) -> Tensor: ...  # ops/selection.py:205
    def clone(self, *, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:33
    def conj(self) -> Tensor: ...  # ops/reals.py:27
    def conj_physical(self) -> Tensor: ...  # ops/reals.py:33
    def contiguous(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:47
    def copy_(self, src: Tensor, non_blocking: builtins.bool = ...) -> Tensor: ...  # ops/conversion.py:141
    def copysign(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/mixing.py:400
    def copysign_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/mixing.py:400
    def corrcoef(self) -> Tensor: ...  # ops/statistics.py:276
    def cos(self) -> Tensor: ...  # ops/pointwise.py:156
    def cos_(self) -> Tensor: ...  # ops/pointwise.py:156
    def cosh(self) -> Tensor: ...  # ops/pointwise.py:238
    def cosh_(self) -> Tensor: ...  # ops/pointwise.py:238
    def count_nonzero(self, dim: Any = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:442
    def cov(self, *, correction: builtins.int = ..., fweights: Tensor | None = ..., aweights: Tensor | None = ...) -> Tensor: ...  # ops/statistics.py:178
    def cpu(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:81
    def cross(self, other: Tensor, dim: builtins.int | None = ...) -> Tensor: ...  # ops/einstein.py:245
    def cuda(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/conversion.py:87
    def cummax(self, dim: builtins.int | None = ..., **numpy_names: Any) -> Any: ...  # ops/scan.py:209
    def cummin(self, dim: builtins.int | None = ..., **numpy_names: Any) -> Any: ...  # ops/scan.py:217
    def cumprod(self, dim: builtins.int | None = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/scan.py:144
    def cumprod_(self, dim: builtins.int | None = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/scan.py:144
    def cumsum(self, dim: builtins.int | None = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/scan.py:66
    def cumsum_(self, dim: builtins.int | None = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/scan.py:66
    @property
    def data(self) -> Tensor: ...  # tensor.py:526
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def data_ptr(self) -> builtins.int: ...  # tensor.py:276
    def deg2rad(self) -> Tensor: ...  # ops/pointwise.py:206
    def deg2rad_(self) -> Tensor: ...  # ops/pointwise.py:206
    def det(self) -> Tensor: ...  # ops/linalg.py:108
    def detach(self) -> Tensor: ...  # tensor.py:507
    def detach_(self) -> Tensor: ...  # tensor.py:517
    @property
    def device(self) -> Any: ...  # tensor.py:185
    def diag(self, diagonal: builtins.int = ...) -> Tensor: ...  # ops/joining.py:495
    def diag_embed(self, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor: ...  # ops/joining.py:483
    def diagflat(self, offset: builtins.int = ...) -> Tensor: ...  # ops/joining.py:505
    def diagonal(self, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor: ...  # ops/shape.py:494
    def diagonal_scatter(self, src: Tensor, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor: ...  # ops/replacing.py:47
    def diff(self, n: builtins.int = ..., dim: builtins.int = ..., prepend: Tensor | None = ..., append: Tensor | None = ...) -> Tensor: ...  # ops/differences.py:16
    def digamma(self) -> Tensor: ...  # ops/special.py:105
    def digamma_(self) -> Tensor: ...  # ops/special.py:105
    def dim(self) -> builtins.int: ...  # tensor.py:199
    def dist(self, other: Tensor, p: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/norms.py:64
    def div(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def div_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def divide(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def divide_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def dot(self, tensor: Tensor) -> Tensor: ...  # ops/products.py:215
    def double(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def dsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]: ...  # ops/joining.py:244
    @property
    def dtype(self) -> DType: ...  # tensor.py:180
    def element_size(self) -> builtins.int: ...  # tensor.py:216
    def eq(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:60
    def eq_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:60
    def equal(self, other: Tensor) -> builtins.bool: ...  # ops/comparison.py:141
    def erf(self) -> Tensor: ...  # ops/special.py:49
    def erf_(self) -> Tensor: ...  # ops/special.py:49
    def erfc(self) -> Tensor: ...  # ops/special.py:55
    def erfc_(self) -> Tensor: ...  # ops/special.py:55
    def erfinv(self) -> Tensor: ...  # ops/special.py:61
    def erfinv_(self) -> Tensor: ...  # ops/special.py:61
    def exp(self) -> Tensor: ...  # ops/pointwise.py:65
    def exp2(self) -> Tensor: ...  # ops/pointwise.py:76
    def exp2_(self) -> Tensor: ...  # ops/pointwise.py:76
    def exp_(self) -> Tensor: ...  # ops/pointwise.py:65
    def expand(self, *sizes: Any, implicit: builtins.bool = ...) -> Tensor: ...  # ops/shape.py:357
    def expand_as(self, other: Tensor) -> Tensor: ...  # ops/shape.py:390
    def expm1(self) -> Tensor: ...  # ops/pointwise.py:82
    def expm1_(self) -> Tensor: ...  # ops/pointwise.py:82
    def exponential_(self, lambd: builtins.float = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:244
    def fill_(self, value: builtins.bool | builtins.int | builtins.float | Tensor) -> Tensor: ...  # ops/conversion.py:178
    def fill_diagonal_(self, fill_value: builtins.float, wrap: builtins.bool = ...) -> Tensor: ...  # ops/replacing.py:62
    def fix(self) -> Tensor: ...  # ops/rounding.py:73
    def fix_(self) -> Tensor: ...  # ops/rounding.py:73
    def flatten(self, start_dim: builtins.int = ..., end_dim: builtins.int = ...) -> Tensor: ...  # ops/shape.py:183
    def flip(self, *dims: Any) -> Tensor: ...  # ops/joining.py:353
    def fliplr(self) -> Tensor: ...  # ops/joining.py:360
    def flipud(self) -> Tensor: ...  # ops/joining.py:368
    def float(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def float_power(self, exponent: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:444
    def floor(self) -> Tensor: ...  # ops/rounding.py:59
    def floor_(self) -> Tensor: ...  # ops/rounding.py:59
    def floor_divide(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:227
    def floor_divide_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:227
    def fmax(self, other: Tensor) -> Tensor: ...  # ops/selection.py:374
    def fmin(self, other: Tensor) -> Tensor: ...  # ops/selection.py:382
    def fmod(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:287
    def fmod_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:287
    def frac(self) -> Tensor: ...  # ops/rounding.py:132
    def frac_(self) -> Tensor: ...  # ops/rounding.py:132
    def gather(self, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool = ...) -> Tensor: ...  # ops/selecting.py:305
    def gcd(self, other: Tensor) -> Tensor: ...  # ops/divisors.py:24
    def gcd_(self, other: Tensor) -> Tensor: ...  # ops/divisors.py:24
    def ge(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:95
    def ge_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:95
    def geometric_(self, p: builtins.float, *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:279
    def ger(self, vec2: Tensor) -> Tensor: ...  # ops/products.py:276
    def get_device(self) -> builtins.int: ...  # tensor.py:190
    @property
    def grad(self) -> Tensor | None: ...  # tensor.py:485
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @grad.deleter
    def grad(self) -> None: ...
    @property
    def grad_fn(self) -> Any: ...  # tensor.py:468
    def greater(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:89
    def greater_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:89
    def greater_equal(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:95
    def greater_equal_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:95
    def gt(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:89
    def gt_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:89
    def half(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def hardshrink(self, lambd: builtins.float = ...) -> Tensor: ...  # ops/activation.py:578
    def heaviside(self, values: Tensor) -> Tensor: ...  # ops/mixing.py:428
    def heaviside_(self, values: Tensor) -> Tensor: ...  # ops/mixing.py:428
    def histc(self, bins: builtins.int = ..., min: builtins.float = ..., max: builtins.float = ...) -> Tensor: ...  # ops/statistics.py:320
    def histogram(self, bins: builtins.int | Tensor, *, range: Sequence[builtins.float] | None = ..., weight: Tensor | None = ..., density: builtins.bool = ...) -> Any: ...  # ops/statistics.py:354
    def hsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]: ...  # ops/joining.py:234
    def hypot(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:286
    def hypot_(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:286
    def i0(self) -> Tensor: ...  # ops/special.py:397
    def i0_(self) -> Tensor: ...  # ops/special.py:397
    def index_add(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/selecting.py:185
    def index_add_(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/selecting.py:185
    def index_copy(self, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...  # ops/selecting.py:200
    def index_copy_(self, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...  # ops/selecting.py:200
    def index_fill(self, dim: builtins.int, index: Tensor, value: builtins.bool | builtins.int | builtins.float | Tensor) -> Tensor: ...  # ops/selecting.py:212
    def index_fill_(self, dim: builtins.int, index: Tensor, value: builtins.bool | builtins.int | builtins.float | Tensor) -> Tensor: ...  # ops/selecting.py:212
    def index_put(self, indices: tuple[Tensor, ...], values: Tensor, accumulate: builtins.bool = ...) -> Tensor: ...  # ops/indexing.py:428
    def index_put_(self, indices: tuple[Tensor, ...], values: Tensor, accumulate: builtins.bool = ...) -> Tensor: ...  # ops/indexing.py:428
    def index_select(self, dim: builtins.int, index: Tensor) -> Tensor: ...  # ops/selecting.py:155
    def inner(self, other: Tensor) -> Tensor: ...  # ops/products.py:297
    def int(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def inverse(self) -> Tensor: ...  # ops/linalg.py:81
    def is_complex(self) -> builtins.bool: ...  # tensor.py:229
    def is_conj(self) -> builtins.bool: ...  # ops/reals.py:60
    def is_contiguous(self, memory_format: Any = ...) -> builtins.bool: ...  # tensor.py:255
    def is_floating_point(self) -> builtins.bool: ...  # tensor.py:225
    def is_inference(self) -> builtins.bool: ...  # tensor.py:237
    @property
    def is_leaf(self) -> builtins.bool: ...  # tensor.py:463
    def is_neg(self) -> builtins.bool: ...  # ops/reals.py:66
    def is_nonzero(self) -> builtins.bool: ...  # ops/housekeeping.py:51
    def is_pinned(self, device: Any = ...) -> builtins.bool: ...  # ops/housekeeping.py:27
    def is_same_size(self, other: Tensor) -> builtins.bool: ...  # ops/housekeeping.py:59
    def is_set_to(self, other: Tensor) -> builtins.bool: ...  # tensor.py:265
    def is_shared(self) -> builtins.bool: ...  # ops/housekeeping.py:33
    def is_signed(self) -> builtins.bool: ...  # tensor.py:233
    def isclose(self, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> Tensor: ...  # ops/comparison.py:154
    def isfinite(self) -> Tensor: ...  # ops/rounding.py:221
    def isinf(self) -> Tensor: ...  # ops/rounding.py:214
    def isnan(self) -> Tensor: ...  # ops/rounding.py:205
    def isneginf(self) -> Tensor: ...  # ops/rounding.py:235
    def isposinf(self) -> Tensor: ...  # ops/rounding.py:228
    def isreal(self) -> Tensor: ...  # ops/rounding.py:242
    def item(self) -> Any: ...  # tensor.py:328
    @property
    def itemsize(self) -> builtins.int: ...  # tensor.py:211
    def kron(self, other: Tensor) -> Tensor: ...  # ops/einstein.py:234
    def kthvalue(self, k: builtins.int, dim: builtins.int = ..., keepdim: builtins.bool = ...) -> Any: ...  # ops/ordering.py:113
    def lcm(self, other: Tensor) -> Tensor: ...  # ops/divisors.py:34
    def lcm_(self, other: Tensor) -> Tensor: ...  # ops/divisors.py:34
    def ldexp(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:459
    def ldexp_(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:459
    def le(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:83
    def le_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:83
    def lerp(self, end: Tensor, weight: Tensor | builtins.float) -> Tensor: ...  # ops/mixing.py:86
    def lerp_(self, end: Tensor, weight: Tensor | builtins.float) -> Tensor: ...  # ops/mixing.py:86
    def less(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:77
    def less_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:77
    def less_equal(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:83
    def less_equal_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:83
    def lgamma(self) -> Tensor: ...  # ops/special.py:99
    def lgamma_(self) -> Tensor: ...  # ops/special.py:99
    def log(self) -> Tensor: ...  # ops/pointwise.py:104
    def log10(self) -> Tensor: ...  # ops/pointwise.py:116
    def log10_(self) -> Tensor: ...  # ops/pointwise.py:116
    def log1p(self) -> Tensor: ...  # ops/pointwise.py:122
    def log1p_(self) -> Tensor: ...  # ops/pointwise.py:122
    def log2(self) -> Tensor: ...  # ops/pointwise.py:110
    def log2_(self) -> Tensor: ...  # ops/pointwise.py:110
    def log_(self) -> Tensor: ...  # ops/pointwise.py:104
    def log_normal_(self, mean: builtins.float = ..., std: builtins.float = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:264
    def log_softmax(self, dim: builtins.int | None = ..., _stacklevel: Any = ..., dtype: DType | None = ...) -> Tensor: ...  # ops/softmaxes.py:118
    def logaddexp(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:357
    def logaddexp2(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:365
    def logcumsumexp(self, dim: builtins.int | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/scan.py:258
    def logical_and(self, other: Tensor) -> Tensor: ...  # ops/logic.py:40
    def logical_and_(self, other: Tensor) -> Tensor: ...  # ops/logic.py:40
    def logical_not(self) -> Tensor: ...  # ops/logic.py:64
    def logical_not_(self) -> Tensor: ...  # ops/logic.py:64
    def logical_or(self, other: Tensor) -> Tensor: ...  # ops/logic.py:48
    def logical_or_(self, other: Tensor) -> Tensor: ...  # ops/logic.py:48
    def logical_xor(self, other: Tensor) -> Tensor: ...  # ops/logic.py:56
    def logical_xor_(self, other: Tensor) -> Tensor: ...  # ops/logic.py:56
    def logit(self, eps: builtins.float | None = ...) -> Tensor: ...  # ops/special.py:349
    def logit_(self, eps: builtins.float | None = ...) -> Tensor: ...  # ops/special.py:349
    def logsumexp(self, dim: Any = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:483
    def long(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def lt(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:77
    def lt_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:77
    @property
    def mH(self) -> Tensor: ...  # ops/shape.py:322
    @property
    def mT(self) -> Tensor: ...  # ops/shape.py:322
    def map_(self, tensor: Tensor, callable: Callable) -> Tensor: ...  # ops/housekeeping.py:88
    def masked_fill(self, mask: Tensor, value: builtins.bool | builtins.int | builtins.float | Tensor) -> Tensor: ...  # ops/selecting.py:68
    def masked_fill_(self, mask: Tensor, value: builtins.bool | builtins.int | builtins.float | Tensor) -> Tensor: ...  # ops/selecting.py:68
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor: ...  # ops/selecting.py:111
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor: ...  # ops/selecting.py:111
    def masked_select(self, mask: Tensor) -> Tensor: ...  # ops/selecting.py:101
    def matmul(self, other: Tensor) -> Tensor: ...  # ops/products.py:312
    def matrix_power(self, n: builtins.int) -> Tensor: ...  # ops/linalg.py:344
    def max(self, dim: builtins.int | Tensor | None = ..., keepdim: builtins.bool = ..., *, other: Tensor | None = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:297
    def maximum(self, other: Tensor) -> Tensor: ...  # ops/selection.py:330
    def mean(self, dim: Any = ..., keepdim: builtins.bool = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:185
    def median(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:482
    def min(self, dim: builtins.int | Tensor | None = ..., keepdim: builtins.bool = ..., *, other: Tensor | None = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:317
    def minimum(self, other: Tensor) -> Tensor: ...  # ops/selection.py:338
    def mm(self, mat2: Tensor) -> Tensor: ...  # ops/products.py:76
    def mode(self, dim: builtins.int = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:526
    def moveaxis(self, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor: ...  # ops/shape.py:302
    def movedim(self, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor: ...  # ops/shape.py:302
    def msort(self) -> Tensor: ...  # ops/ordering.py:96
    def mul(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def mul_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def multinomial(self, num_samples: builtins.int, replacement: builtins.bool = ..., *, generator: Generator | None = ..., out: None = ...) -> Tensor: ...  # ops/random.py:351
    def multiply(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def multiply_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:151
    def mv(self, vec: Tensor) -> Tensor: ...  # ops/products.py:255
    def mvlgamma(self, p: builtins.int) -> Tensor: ...  # ops/special.py:136
    def mvlgamma_(self, p: builtins.int) -> Tensor: ...  # ops/special.py:136
    def nan_to_num(self, nan: builtins.float | None = ..., posinf: builtins.float | None = ..., neginf: builtins.float | None = ...) -> Tensor: ...  # ops/rounding.py:268
    def nan_to_num_(self, nan: builtins.float | None = ..., posinf: builtins.float | None = ..., neginf: builtins.float | None = ...) -> Tensor: ...  # ops/rounding.py:268
    def nanmean(self, dim: Any = ..., keepdim: builtins.bool = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:268
    def nanmedian(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., **numpy_names: Any) -> Any: ...  # ops/extremum.py:490
    def nanquantile(self, q: builtins.float | Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor: ...  # ops/statistics.py:78
    def nansum(self, dim: Any = ..., keepdim: builtins.bool = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:249
    def narrow(self, dim: builtins.int, start: builtins.int | Tensor, length: builtins.int) -> Tensor: ...  # ops/shape.py:471
    def narrow_copy(self, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor: ...  # ops/replacing.py:56
    @property
    def nbytes(self) -> builtins.int: ...  # tensor.py:220
    @property
    def ndim(self) -> builtins.int: ...  # tensor.py:194
    def ndimension(self) -> builtins.int: ...  # tensor.py:199
    def ne(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:71
    def ne_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:71
    def neg(self) -> Tensor: ...  # ops/arithmetic.py:306
    def neg_(self) -> Tensor: ...  # ops/arithmetic.py:306
    def negative(self) -> Tensor: ...  # ops/arithmetic.py:306
    def negative_(self) -> Tensor: ...  # ops/arithmetic.py:306
    def nelement(self) -> builtins.int: ...  # tensor.py:205
    def new_empty(self, *size: Any, dtype: DType | None = ..., **options: Any) -> Tensor: ...  # ops/creation.py:394
    def new_full(self, size: Any, fill_value: builtins.bool | builtins.int | builtins.float, **options: Any) -> Tensor: ...  # ops/creation.py:405
    def new_ones(self, *size: Any, dtype: DType | None = ..., **options: Any) -> Tensor: ...  # ops/creation.py:394
    def new_tensor(self, data: Any, **options: Any) -> Tensor: ...  # ops/creation.py:410
    def new_zeros(self, *size: Any, dtype: DType | None = ..., **options: Any) -> Tensor: ...  # ops/creation.py:394
    def nextafter(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:479
    def nextafter_(self, other: Tensor) -> Tensor: ...  # ops/mixing.py:479
    def nonzero(self, *, as_tuple: builtins.bool = ...) -> Any: ...  # ops/indexing.py:446
    def norm(self, p: builtins.bool | builtins.int | builtins.float | str | None = ..., dim: Any = ..., keepdim: builtins.bool = ..., out: None = ..., dtype: DType | None = ...) -> Tensor: ...  # ops/norms.py:27
    def normal_(self, mean: builtins.float = ..., std: builtins.float = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:174
    def not_equal(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:71
    def not_equal_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/comparison.py:71
    def numel(self) -> builtins.int: ...  # tensor.py:205
    def numpy(self, *, force: builtins.bool = ...) -> np.ndarray: ...  # tensor.py:311
    def outer(self, vec2: Tensor) -> Tensor: ...  # ops/products.py:276
    @property
    def output_nr(self) -> builtins.int: ...  # tensor.py:480
    def permute(self, *dims: Any) -> Tensor: ...  # ops/shape.py:262
    def pin_memory(self, device: Any = ...) -> Tensor: ...  # ops/housekeeping.py:21
    def polygamma(self, n: builtins.int) -> Tensor: ...  # ops/special.py:127
    def positive(self) -> Tensor: ...  # ops/arithmetic.py:317
    def pow(self, exponent: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:417
    def pow_(self, exponent: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:417
    def prelu(self, weight: Tensor) -> Tensor: ...  # ops/activation.py:170
    def prod(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:363
    def put(self, index: Tensor, source: Tensor, accumulate: builtins.bool = ...) -> Tensor: ...  # ops/selecting.py:255
    def put_(self, index: Tensor, source: Tensor, accumulate: builtins.bool = ...) -> Tensor: ...  # ops/selecting.py:255
    def quantile(self, q: builtins.float | Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor: ...  # ops/statistics.py:61
    def rad2deg(self) -> Tensor: ...  # ops/pointwise.py:212
    def rad2deg_(self) -> Tensor: ...  # ops/pointwise.py:212
    def random_(self, *bounds: builtins.int | None, to: builtins.int | None = ..., generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:192
    def ravel(self) -> Tensor: ...  # ops/shape.py:197
    @property
    def real(self) -> Tensor: ...  # ops/reals.py:51
    def reciprocal(self) -> Tensor: ...  # ops/arithmetic.py:473
    def reciprocal_(self) -> Tensor: ...  # ops/arithmetic.py:473
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle: ...  # autograd/methods.py:31
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle: ...  # autograd/methods.py:59
    def relu(self, inplace: builtins.bool = ...) -> Tensor: ...  # ops/activation.py:81
    def relu_(self, inplace: builtins.bool = ...) -> Tensor: ...  # ops/activation.py:81
    def remainder(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:258
    def remainder_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/arithmetic.py:258
    def renorm(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor: ...  # ops/norms.py:112
    def renorm_(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor: ...  # ops/norms.py:112
    def repeat(self, *repeats: Any) -> Tensor: ...  # ops/joining.py:279
    def repeat_interleave(self, repeats: builtins.int | Tensor | None = ..., dim: builtins.int | None = ..., *, output_size: builtins.int | None = ...) -> Tensor: ...  # ops/joining.py:300
    @property
    def requires_grad(self) -> builtins.bool: ...  # tensor.py:430
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    def requires_grad_(self, requires_grad: builtins.bool = ...) -> Tensor: ...  # tensor.py:443
    def reshape(self, *shape: Any) -> Tensor: ...  # ops/shape.py:156
    def reshape_as(self, other: Tensor) -> Tensor: ...  # ops/shape.py:177
    def resolve_conj(self) -> Tensor: ...  # ops/reals.py:39
    def resolve_neg(self) -> Tensor: ...  # ops/reals.py:45
    def retain_grad(self) -> None: ...  # autograd/methods.py:70
    @property
    def retains_grad(self) -> builtins.bool: ...  # tensor.py:502
    def roll(self, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None = ...) -> Tensor: ...  # ops/joining.py:376
    def rot90(self, k: builtins.int = ..., dims: Sequence[builtins.int] = ...) -> Tensor: ...  # ops/joining.py:398
    def round(self, *, decimals: builtins.int = ...) -> Tensor: ...  # ops/rounding.py:105
    def round_(self, *, decimals: builtins.int = ...) -> Tensor: ...  # ops/rounding.py:105
    def rsqrt(self) -> Tensor: ...  # ops/pointwise.py:134
    def rsqrt_(self) -> Tensor: ...  # ops/pointwise.py:134
    def rsub(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:126
    def scatter(self, dim: builtins.int, index: Tensor, src: Any, *, reduce: str | None = ...) -> Tensor: ...  # ops/selecting.py:370
    def scatter_(self, dim: builtins.int, index: Tensor, src: Any, *, reduce: str | None = ...) -> Tensor: ...  # ops/selecting.py:370
    def scatter_add(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor: ...  # ops/selecting.py:397
    def scatter_add_(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor: ...  # ops/selecting.py:397
    def scatter_reduce(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor: ...  # ops/selecting.py:407
    def scatter_reduce_(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor: ...  # ops/selecting.py:407
    def select(self, dim: builtins.int, index: builtins.int) -> Tensor: ...  # ops/shape.py:452
    def select_scatter(self, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor: ...  # ops/replacing.py:24
    def sgn(self) -> Tensor: ...  # ops/rounding.py:156
    def sgn_(self) -> Tensor: ...  # ops/rounding.py:156
    @property
    def shape(self) -> Size: ...  # tensor.py:160
    def share_memory_(self) -> Tensor: ...  # ops/housekeeping.py:39
    def short(self, memory_format: Any = ...) -> Tensor: ...  # ops/conversion.py:97
    def sigmoid(self) -> Tensor: ...  # ops/pointwise.py:88
    def sigmoid_(self) -> Tensor: ...  # ops/pointwise.py:88
    def sign(self) -> Tensor: ...  # ops/rounding.py:149
    def sign_(self) -> Tensor: ...  # ops/rounding.py:149
    def signbit(self) -> Tensor: ...  # ops/rounding.py:163
    def sin(self) -> Tensor: ...  # ops/pointwise.py:150
    def sin_(self) -> Tensor: ...  # ops/pointwise.py:150
    def sinc(self) -> Tensor: ...  # ops/special.py:384
    def sinc_(self) -> Tensor: ...  # ops/special.py:384
    def sinh(self) -> Tensor: ...  # ops/pointwise.py:232
    def sinh_(self) -> Tensor: ...  # ops/pointwise.py:232
    def size(self, dim: builtins.int | None = ...) -> Any: ...  # tensor.py:165
    def slice_scatter(self, src: Tensor, dim: builtins.int = ..., start: builtins.int | None = ..., end: builtins.int | None = ..., step: builtins.int = ...) -> Tensor: ...  # ops/replacing.py:31
    def slogdet(self) -> Any: ...  # ops/linalg.py:129
    def softmax(self, dim: builtins.int | None = ..., _stacklevel: Any = ..., dtype: DType | None = ...) -> Tensor: ...  # ops/softmaxes.py:105
    def sort(self, dim: builtins.int = ..., descending: builtins.bool = ..., *, stable: builtins.bool = ...) -> Any: ...  # ops/ordering.py:74
    def split(self, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = ...) -> tuple[Tensor, ...]: ...  # ops/shape.py:626
    def split_with_sizes(self, split_sizes: Sequence[builtins.int], dim: builtins.int = ...) -> tuple[Tensor, ...]: ...  # ops/shape.py:647
    def sqrt(self) -> Tensor: ...  # ops/pointwise.py:128
    def sqrt_(self) -> Tensor: ...  # ops/pointwise.py:128
    def square(self) -> Tensor: ...  # ops/arithmetic.py:452
    def square_(self) -> Tensor: ...  # ops/arithmetic.py:452
    def squeeze(self, dim: builtins.int | Sequence[builtins.int] | None = ...) -> Tensor: ...  # ops/shape.py:228
    def squeeze_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def std(self, dim: Any = ..., unbiased: builtins.bool | None = ..., keepdim: builtins.bool = ..., *, correction: builtins.bool | builtins.int | builtins.float | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/variance.py:212
    def storage_offset(self) -> builtins.int: ...  # tensor.py:251
    def stride(self, dim: builtins.int | None = ...) -> Any: ...  # tensor.py:246
    def sub(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:84
    def sub_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:84
    def subtract(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:84
    def subtract_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, alpha: builtins.bool | builtins.int | builtins.float = ...) -> Tensor: ...  # ops/arithmetic.py:84
    def sum(self, dim: Any = ..., keepdim: builtins.bool = ..., *, dtype: DType | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/reduction.py:99
    def sum_to_size(self, *size: Any) -> Tensor: ...  # ops/broadcasting.py:38
    def swapaxes(self, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...  # ops/shape.py:279
    def swapaxes_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def swapdims(self, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...  # ops/shape.py:279
    def swapdims_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def t(self) -> Tensor: ...  # ops/shape.py:293
    def t_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def take(self, index: Tensor) -> Tensor: ...  # ops/selecting.py:248
    def take_along_dim(self, indices: Tensor, dim: builtins.int | None = ...) -> Tensor: ...  # ops/selecting.py:316
    def tan(self) -> Tensor: ...  # ops/pointwise.py:162
    def tan_(self) -> Tensor: ...  # ops/pointwise.py:162
    def tanh(self) -> Tensor: ...  # ops/pointwise.py:244
    def tanh_(self) -> Tensor: ...  # ops/pointwise.py:244
    def tensor_split(self, indices_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = ...) -> tuple[Tensor, ...]: ...  # ops/shape.py:668
    def tile(self, *dims: Any) -> Tensor: ...  # ops/joining.py:293
    def to(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/conversion.py:53
    def to_dense(self, dtype: Any = ..., *, masked_grad: builtins.bool = ...) -> Tensor: ...  # ops/housekeeping.py:45
    def tolist(self) -> Any: ...  # tensor.py:335
    def topk(self, k: builtins.int, dim: builtins.int = ..., largest: builtins.bool = ..., sorted: builtins.bool = ...) -> Any: ...  # ops/ordering.py:102
    def trace(self) -> Tensor: ...  # ops/joining.py:511
    def transpose(self, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...  # ops/shape.py:279
    def transpose_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def tril(self, diagonal: builtins.int = ...) -> Tensor: ...  # ops/joining.py:432
    def tril_(self, diagonal: builtins.int = ...) -> Tensor: ...  # ops/joining.py:432
    def triu(self, diagonal: builtins.int = ...) -> Tensor: ...  # ops/joining.py:438
    def triu_(self, diagonal: builtins.int = ...) -> Tensor: ...  # ops/joining.py:438
    def true_divide(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def true_divide_(self, other: Tensor | builtins.bool | builtins.int | builtins.float, *, rounding_mode: str | None = ...) -> Tensor: ...  # ops/arithmetic.py:175
    def trunc(self) -> Tensor: ...  # ops/rounding.py:73
    def trunc_(self) -> Tensor: ...  # ops/rounding.py:73
    def type(self, dtype: Any = ..., non_blocking: builtins.bool = ...) -> Any: ...  # tensor.py:417
    def type_as(self, other: Tensor) -> Tensor: ...  # ops/conversion.py:75
    def unbind(self, dim: builtins.int = ...) -> tuple[Tensor, ...]: ...  # ops/shape.py:616
    def unflatten(self, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor: ...  # ops/shape.py:203
    def unfold(self, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor: ...  # ops/shape.py:517
    def uniform_(self, from_: builtins.float = ..., to: builtins.float = ..., *, generator: Generator | None = ...) -> Tensor: ...  # ops/random_inplace.py:155
    def unique(self, sorted: builtins.bool = ..., return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any: ...  # ops/ordering.py:184
    def unique_consecutive(self, return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any: ...  # ops/ordering.py:210
    def unsqueeze(self, dim: builtins.int) -> Tensor: ...  # ops/shape.py:220
    def unsqueeze_(self, *args: Any, **kwargs: Any) -> Tensor: ...  # ops/shape.py:544
    def var(self, dim: Any = ..., unbiased: builtins.bool | None = ..., keepdim: builtins.bool = ..., *, correction: builtins.bool | builtins.int | builtins.float | None = ..., **numpy_names: Any) -> Tensor: ...  # ops/variance.py:190
    def view(self, *shape: Any, dtype: DType | None = ...) -> Tensor: ...  # ops/shape.py:123
    def view_as(self, other: Tensor) -> Tensor: ...  # ops/shape.py:171
    def vsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]: ...  # ops/joining.py:239
    def where(self, condition: Tensor, other: Any) -> Tensor: ...  # ops/selection.py:110
    def xlogy(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/special.py:286
    def xlogy_(self, other: Tensor | builtins.bool | builtins.int | builtins.float) -> Tensor: ...  # ops/special.py:286
    def zero_(self) -> Tensor: ...  # ops/conversion.py:192

def emit(primitive: Primitive, *inputs: Tensor, **attrs: Any) -> Tensor: ...  # tensor.py:694
def emit_many(primitive: Primitive, *inputs: Tensor, **attrs: Any) -> tuple[Tensor, ...]: ...  # tensor.py:700
def filled(shape: tuple[int, ...], value: bool | int | float, dtype: DType) -> Tensor: ...  # tensor.py:705
def from_node(node: Node) -> Tensor: ...  # tensor.py:662
def node_of(tensor: Tensor) -> Node: ...  # tensor.py:650
def view_of(tensor: Tensor, step: Step, node: Node | None = ...) -> Tensor: ...  # tensor.py:677
def write(tensor: Tensor, node: Node) -> None: ...  # tensor.py:711
