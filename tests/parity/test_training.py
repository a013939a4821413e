"""Seeded training follows PyTorch's curve of loss, side by side, over two hundred steps.

Both round, and training amplifies what rounding leaves. The programs are such that PyTorch agrees
with itself, whatever its number of threads, far below the bound of 1e-4; the first test holds
them to that. It is a matter of rates and of luck: at a rate of 1e-3, seven of eight seeds of LeNet
agree to 2e-6 with one thread and with two, and the eighth differs by 3e-3 (at 3e-3: by 0.6). There
is no curve to follow then. `python -m tools.training_noise` measures it.
"""

from collections.abc import Iterator

import pytest

import flambeau
from tests.training_programs import PROGRAMS, STEPS, furthest

torch = pytest.importorskip("torch")

BOUND = 1e-4


@pytest.fixture(autouse=True, scope="module")
def _threads() -> Iterator[None]:
    """Leave PyTorch's number of threads as it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def curves() -> dict[str, list[float]]:
    torch.set_num_threads(1)
    return {name: run(torch) for name, run in PROGRAMS.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_pytorch_agrees_with_itself(name: str, curves: dict[str, list[float]]) -> None:
    torch.set_num_threads(2)
    assert furthest(PROGRAMS[name](torch), curves[name]) < BOUND / 10


@pytest.mark.parametrize("name", PROGRAMS)
def test_flambeau_agrees_with_pytorch(name: str, curves: dict[str, list[float]]) -> None:
    ours = PROGRAMS[name](flambeau)
    assert len(ours) == STEPS
    assert furthest(ours, curves[name]) < BOUND


LAYOUTS = {
    "permuted": lambda y: y.permute(2, 0, 1),
    "sliced": lambda y: y.permute(1, 2, 0)[::2],
    "of one column": lambda y: y.permute(2, 1, 0)[:, :1],
    "expanded in front": lambda y: y[:1].expand(4, 3, 4),
    "expanded within": lambda y: y[:, :1].expand(2, 5, 4),
    "expanded behind": lambda y: y[:, :, :1].expand(2, 3, 7),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_are_drawn_in_the_order_of_memory(layout: str) -> None:
    drawn = []
    for library in (torch, flambeau):
        x = LAYOUTS[layout](library.ones(2, 3, 4))
        library.manual_seed(0)
        dropout = library.nn.functional.dropout
        drawn.append([dropout(x, 0.5).tolist(), library.rand_like(x).tolist()])
    assert drawn[0] == drawn[1]
