"""Random index expressions read and write what NumPy's do."""

import numpy as np
from hypothesis import given, settings, strategies as st

import flambeau as torch
from flambeau import runtime

SETTINGS = settings(max_examples=100, deadline=None)


@st.composite
def shapes(draw):
    return tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))


def slices(size):
    bound = st.none() | st.integers(-size - 2, size + 2)
    return st.builds(slice, bound, bound, st.none() | st.integers(1, 3))


@st.composite
def index_arrays(draw, size, shape):
    count = int(np.prod(shape))
    values = draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count))
    return np.array(values, np.int64).reshape(shape)


@st.composite
def indices(draw, shape, advanced=True):
    """An index of NumPy's: integers, slices, None and ...; arrays and masks too if advanced."""
    entries, dim = [], 0
    common = draw(st.sampled_from([(2,), (3,), (2, 2), (1,)]))
    kinds = ["int", "slice", "slice", "all", *(["array", "mask", "number"] if advanced else [])]
    masked = False
    while dim < len(shape) and draw(st.integers(0, 5)):
        kind = draw(st.sampled_from(kinds))
        size = shape[dim]
        if kind == "int":
            entries.append(draw(st.integers(-size, size - 1)))
        elif kind in ("slice", "all"):
            entries.append(draw(slices(size)) if kind == "slice" else slice(None))
        elif kind == "array" and not masked:
            entries.append(draw(index_arrays(size, common)))
        elif kind == "number" and not masked:
            entries.append(np.array([draw(st.integers(-size, size - 1))]))
        elif kind == "mask" and not masked and not any(isinstance(e, np.ndarray) for e in entries):
            masked = True
            flags = draw(st.lists(st.booleans(), min_size=size, max_size=size))
            entries.append(np.array(flags, bool))
        else:
            entries.append(slice(None))
        dim += 1
    fillers = draw(st.lists(st.sampled_from(["none", "dots"]), max_size=2, unique=True))
    if "dots" in fillers:  # they stand for no dimension then, wherever they are put
        entries += [slice(None)] * (len(shape) - dim)
    for filler in fillers:
        place = draw(st.integers(0, len(entries)))
        entries.insert(place, None if filler == "none" else Ellipsis)
    return tuple(entries)


@st.composite
def cases(draw, advanced=True):
    shape = draw(shapes())
    return shape, draw(indices(shape, advanced))


def ours(index):
    return tuple(torch.from_numpy(e) if isinstance(e, np.ndarray) else e for e in index)


def separated(index):
    """Whether an integer stands apart from arrays, where NumPy and PyTorch part ways."""
    return any(isinstance(e, np.ndarray) for e in index) and any(type(e) is int for e in index)


def array_of(shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@given(cases())
@SETTINGS
def test_reading(case):
    shape, index = case
    array = array_of(shape)
    if separated(index):  # an integer is applied first here, and is one more array in NumPy
        index = tuple(slice(e, e + 1 or None) if type(e) is int else e for e in index)
    result = torch.from_numpy(array)[ours(index)]
    np.testing.assert_array_equal(result.numpy(), array[index])
    assert result.shape == array[index].shape


@given(cases(), st.booleans())
@SETTINGS
def test_writing(case, pending):
    shape, index = case
    array = array_of(shape)
    if separated(index):
        index = tuple(slice(e, e + 1 or None) if type(e) is int else e for e in index)
    tensor = torch.from_numpy(array)
    if pending:
        tensor = tensor + 0
    alias = tensor.view(-1)
    tensor[ours(index)] = -1.0
    array = array.copy()
    array[index] = -1.0
    np.testing.assert_array_equal(tensor.numpy(), array)
    np.testing.assert_array_equal(alias.numpy(), array.reshape(-1))


@given(cases(advanced=False))
@SETTINGS
def test_writing_values_of_each_place(case):
    shape, index = case
    array = array_of(shape)
    tensor = torch.from_numpy(array)
    array = array.copy()
    if not isinstance(array[index], np.ndarray):
        return
    values = np.arange(-array[index].size, 0, dtype=np.float32).reshape(array[index].shape)
    tensor[index] = torch.from_numpy(values)
    array[index] = values
    np.testing.assert_array_equal(tensor.numpy(), array)


@given(cases(advanced=False), st.data())
@SETTINGS
def test_an_index_of_an_index(case, data):
    shape, index = case
    array, tensor = array_of(shape), torch.zeros(shape) + torch.from_numpy(array_of(shape))
    inner = array[index]
    if not isinstance(inner, np.ndarray) or 0 in inner.shape:
        return
    second = data.draw(indices(inner.shape, advanced=False))
    np.testing.assert_array_equal(tensor[index][second].numpy(), inner[second])
    array = array.copy()
    array[index][second] += 100
    if np.ndim(inner) and np.ndim(inner[second]):
        tensor[index][second].add_(100)
        np.testing.assert_array_equal(tensor.numpy(), array)


@given(cases())
@SETTINGS
def test_the_gradient_counts_how_often_each_element_is_read(case):
    shape, index = case
    x = torch.zeros(shape, requires_grad=True)
    if separated(index):
        index = tuple(slice(e, e + 1 or None) if type(e) is int else e for e in index)
    x[ours(index)].sum().backward()
    counts = np.zeros(shape, np.float32)
    np.add.at(counts, index, 1)
    np.testing.assert_array_equal(x.grad.numpy(), counts)


@given(cases(advanced=False))
@SETTINGS
def test_a_view_stands_where_numpys_does(case):
    shape, index = case
    array = array_of(shape)
    view = torch.from_numpy(array)[index]
    expected = array[index]
    if not isinstance(expected, np.ndarray) or expected.size < 2:
        return
    strides = tuple(stride // 4 for stride in expected.strides)
    sizes = expected.shape
    have = [s for s, n in zip(view.stride(), sizes, strict=True) if n > 1]
    assert have == [s for s, n in zip(strides, sizes, strict=True) if n > 1]
    assert view.storage_offset() == int(expected.reshape(-1)[0])
    runtime.step_boundary()
    np.testing.assert_array_equal(view.numpy(), expected)
