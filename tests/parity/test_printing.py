"""Random tensors print as PyTorch's, with any options."""

from collections.abc import Iterator

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from flambeau import printing
from flambeau.ir import dtypes, naming

torch = pytest.importorskip("torch")

SPECIAL = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 1.0, -2.0, 1.5, 1e-5, 1e5, 1001.0]


@pytest.fixture(autouse=True, scope="module")
def torch_names() -> Iterator[None]:
    naming.use_torch_names()
    yield
    naming.use_torch_names(False)
    for package in (torch, printing):
        package.set_printoptions(profile="default")


@st.composite
def elements(draw, count: int) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([0, 0, 1, 3, 12]))
    scale = 10.0 ** draw(st.integers(-8, 9))
    values = rng.normal(size=count) * scale * 10 ** (spread * rng.uniform(-1, 1, count))
    if draw(st.booleans()):
        values = np.round(values)
    special = draw(st.lists(st.sampled_from(SPECIAL), max_size=4))
    share = draw(st.sampled_from([0.0, 0.1, 1.0]))
    if special:
        values = np.where(rng.random(count) < share, rng.choice(special, count), values)
    return values


shapes = st.one_of(
    st.lists(st.integers(0, 7), max_size=4),
    st.lists(st.sampled_from([1, 2, 5, 6, 7, 13, 40]), max_size=3),
    st.sampled_from([[999], [1000], [1001], [3000]]),
)
options = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 8),
        "threshold": st.sampled_from([0, 5, 100]),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.sampled_from([5, 20, 40, 120]),
        "profile": st.sampled_from(["default", "short", "full", "FULL"]),
        "sci_mode": st.booleans(),
    },
)


@st.composite
def tensors(draw) -> "torch.Tensor":
    shape = draw(shapes)
    dtype = getattr(torch, draw(st.sampled_from(sorted(dtypes.ALL))))
    values = draw(elements(int(np.prod(shape)))).reshape(shape)
    if not dtype.is_floating_point:
        limit = 2 if dtype is torch.bool else torch.iinfo(dtype).max
        whole = np.nan_to_num(values, nan=0, posinf=9, neginf=-9)
        return torch.tensor(np.fmod(whole, limit).astype(np.int64)).to(dtype)
    tensor = torch.tensor(values).to(dtype)
    if draw(st.booleans()):
        tensor.requires_grad_()
        made_by = draw(st.sampled_from([None, torch.clone, torch.neg, lambda t: t.view(t.shape)]))
        if made_by is not None:
            tensor = made_by(tensor)
    return tensor


def text_of(tensor: "torch.Tensor") -> str:
    values = tensor.detach()
    if values.dtype is torch.bfloat16:
        array = values.float().numpy().astype(ml_dtypes.bfloat16)
    else:
        array = values.numpy()
    return printing.format_tensor(
        array,
        dtype=dtypes.from_numpy(array.dtype),
        requires_grad=tensor.requires_grad,
        grad_fn_name=tensor.grad_fn.name() if tensor.grad_fn is not None else None,
    )


@settings(max_examples=1000, deadline=None)
@given(tensor=tensors())
def test_tensors_print_the_same(tensor):
    for package in (torch, printing):
        package.set_printoptions(profile="default")
    assert text_of(tensor) == repr(tensor)


@settings(max_examples=500, deadline=None)
@given(tensor=tensors(), options=options)
def test_options_mean_the_same(tensor, options):
    for package in (torch, printing):
        package.set_printoptions(profile="default")
        package.set_printoptions(linewidth=70)
        package.set_printoptions(**options)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    assert text_of(tensor) == repr(tensor)
