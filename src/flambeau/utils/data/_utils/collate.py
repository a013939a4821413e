"""From a list of samples to a batch."""

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from flambeau import ops
from flambeau.ir.dtypes import float64
from flambeau.tensor import Tensor
from flambeau.utils.data._utils.arrays import adopt, stack

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

#: A function of a list of samples of one type; takes ``collate_fn_map`` as a keyword.
CollateFn = Callable[..., Any]
CollateMap = dict[type | tuple[type, ...], CollateFn]

_UNKNOWN = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Collate samples by their type, going into mappings and sequences.

    Args:
        batch: the samples.
        collate_fn_map: the function for each type, or tuple of types. A sample's own type counts
            first, then the first type in the map that it is an instance of.

    Raises ``TypeError`` for samples of no known type, ``RuntimeError`` for sequences that differ
    in length.
    """
    sample = batch[0]
    function = _function_for(sample, collate_fn_map or {})
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(sample, Mapping):
        columns = {key: [other[key] for other in batch] for key in sample}
        collated = {
            key: collate(column, collate_fn_map=collate_fn_map) for key, column in columns.items()
        }
        return like_mapping(sample, collated)
    if not isinstance(sample, Sequence):
        raise TypeError(_UNKNOWN.format(type(sample)))
    if any(len(other) != len(sample) for other in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    members = [
        collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)
    ]
    return like_sequence(sample, members)


def _function_for(sample: Any, collate_fn_map: CollateMap) -> CollateFn | None:
    exact = collate_fn_map.get(type(sample))
    if exact is not None:
        return exact
    for kind, function in collate_fn_map.items():
        if isinstance(sample, kind):
            return function
    return None


def like_mapping(model: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """``items`` as a mapping of the model's type, or as a dict if that cannot be made."""
    try:
        if isinstance(model, MutableMapping):
            # A type may hold more than its items, and a constructor may want more than them.
            clone = copy.copy(model)
            clone.update(items)
            return clone
        return type(model)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def like_sequence(model: Sequence[Any], members: list[Any]) -> Any:
    """``members`` as a sequence of the model's type; as a list for a tuple, and if it fails."""
    if is_namedtuple(model):
        return type(model)(*members)
    if isinstance(model, tuple):
        return members
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for position, member in enumerate(members):
                clone[position] = member
            return clone
        return type(model)(members)  # type: ignore[call-arg]
    except TypeError:
        return members


def is_namedtuple(value: Any) -> bool:
    """Whether a value is a tuple with named fields."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def collate_tensor_fn(
    batch: Sequence[Tensor], *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """Stack tensors of one shape along a new first dimension."""
    return stack(batch)


def collate_numpy_array_fn(
    batch: Sequence[np.ndarray], *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """Stack arrays of numbers of one shape along a new first dimension."""
    if not _is_numeric(batch[0].dtype):
        raise TypeError(_UNKNOWN.format(batch[0].dtype))
    if any(array.shape != batch[0].shape for array in batch):
        return ops.stack([ops.as_tensor(array) for array in batch], 0)  # which says what is wrong
    return adopt(np.stack(batch))


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    return dtype.kind not in "SUO"


def collate_numpy_scalar_fn(
    batch: Sequence[np.generic], *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """Make a vector of NumPy numbers, of their type if they agree in it."""
    if any(type(number) is not type(batch[0]) for number in batch):
        return ops.tensor([number.item() for number in batch])
    return adopt(np.array(batch))


def collate_int_fn(batch: Sequence[int], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Make a vector of Python numbers."""
    return ops.tensor(batch)


def collate_float_fn(batch: Sequence[float], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Make a vector of Python floats, which have 64 bits."""
    return ops.tensor(batch, dtype=float64)


def collate_str_fn(batch: Sequence[str], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Leave strings as they are."""
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Sequence[Any]) -> Any:
    """Make a batch of samples: tensors with a new first dimension, inside the samples' structure.

    Tensors and NumPy arrays are stacked, numbers become vectors, strings stay a list; mappings,
    named tuples and sequences are collated member by member (a tuple gives a list).

    Raises ``TypeError`` for samples of other types.

    >>> from flambeau.utils.data import default_collate
    >>> default_collate([("a", 0), ("b", 1)])
    [('a', 'b'), tensor([0, 1])]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def default_convert(data: Any) -> Any:
    """Turn NumPy arrays and numbers into tensors, inside mappings and sequences; keep the rest.

    >>> from flambeau.utils.data import default_convert
    >>> default_convert([1, "a"])
    [1, 'a']
    """
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return ops.as_tensor(data) if _is_numeric(data.dtype) else data
    if isinstance(data, Mapping):
        return like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence):
        return like_sequence(data, [default_convert(member) for member in data])
    return data
