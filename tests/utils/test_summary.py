"""`flambeau.summary`: what it counts, what it shows, and that it computes nothing."""

from __future__ import annotations

import doctest

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.tensor import node_of
from flambeau.utils import summary as module_under_test


def rows(model: nn.Module, *inputs: object) -> dict:
    return {row.path: row for row in torch.summary(model, *inputs).rows}


class Attending(nn.Module):
    """Attention written with plain products, around a child."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.project(x)
        weights = (q @ x.transpose(1, 2)).softmax(-1)
        return self.project(weights @ x)


def test_the_output_of_each_module_is_shown() -> None:
    found = rows(nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten()), (4, 1, 28, 28))
    assert found["0"].output == (4, 6, 24, 24)
    assert found["1"].output == found[""].output == (4, 6 * 24 * 24)


def test_several_outputs_are_shown_as_a_list() -> None:
    assert rows(nn.LSTM(3, 5), (7, 2, 3))[""].output == [(7, 2, 5), [(1, 2, 5), (1, 2, 5)]]


def test_a_module_that_is_not_called_has_no_output() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    found = rows(Idle(), (1,))
    assert found["unused"].output is None
    assert found["unused"].flops == 0


@pytest.mark.parametrize(
    ("layer", "shape", "flops"),
    [
        (nn.Linear(4, 3), (5, 4), 2 * 5 * 4 * 3),
        (nn.Linear(4, 3), (2, 5, 4), 2 * 10 * 4 * 3),
        (nn.Conv2d(3, 8, 3, bias=False), (2, 3, 10, 10), 2 * (2 * 8 * 8 * 8) * 3 * 9),
        (nn.Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5), 2 * (8 * 3 * 3) * 2 * 9),
        (nn.Conv1d(3, 8, 3, stride=2, padding=1), (1, 3, 10), 2 * (8 * 5) * 3 * 3),
        (nn.ConvTranspose2d(4, 6, 3, stride=2), (1, 4, 8, 8), 2 * (4 * 64) * 6 * 9),
        (nn.LSTM(3, 5), (7, 2, 3), 2 * 14 * 20 * (3 + 5)),
        (nn.GRU(3, 5, bidirectional=True), (7, 2, 3), 2 * 2 * 14 * 15 * (3 + 5)),
        (nn.BatchNorm1d(3), (4, 3), 0),
        (nn.Embedding(9, 3), torch.tensor([1, 2]), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_multiply_add_counts_twice(layer: nn.Module, shape: object, flops: int) -> None:
    assert torch.summary(layer, shape).flops == flops


def test_attention_counts_projections_and_products() -> None:
    class Self(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(12, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, x, x)[0]

    projections = 4 * 2 * (3 * 7) * 12 * 12
    products = 2 * (2 * 3 * 7 * 7 * 12)
    assert torch.summary(Self(), (3, 7, 12)).flops == projections + products


def test_products_outside_any_layer_belong_to_the_module_that_makes_them() -> None:
    found = rows(Attending(), (2, 5, 8))
    layer, product = 2 * 10 * 8 * 8, 2 * 2 * 5 * 5 * 8
    assert found["project"].flops == 2 * layer  # it is called twice
    assert found[""].flops == 2 * layer + 2 * product


def test_parameters_are_counted_with_those_of_the_parts() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    result = torch.summary(model, (1, 4))
    assert [row.parameters for row in result.rows] == [15 + 8, 15, 8]
    assert (result.parameters, result.trainable) == (23, 8)


def test_shared_parameters_count_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert torch.summary(model, (1, 3)).parameters == 9 + 3 + 3


def test_inputs_may_be_tensors_that_nothing_is_computed_of() -> None:
    x = torch.arange(6.0).reshape(2, 3) + 1
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    torch.summary(model, x)
    assert node_of(x).buffer is None


def test_a_model_too_large_to_run_is_summarised() -> None:
    model = nn.Sequential(nn.Linear(1000, 1000), nn.ReLU(), nn.Linear(1000, 10))
    batch = 10**9
    assert torch.summary(model, (batch, 1000)).flops == 2 * batch * 1000 * 1010


def test_a_forward_that_asks_for_a_value_is_refused() -> None:
    class Asking(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(RuntimeError, match="asked for a value"):
        torch.summary(Asking(), (3,))


def test_an_error_of_the_model_is_its_own() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        torch.summary(nn.Linear(3, 2), (1, 4))


def test_a_lazy_module_must_have_seen_an_input() -> None:
    with pytest.raises(ValueError, match="weight has no shape yet"):
        torch.summary(nn.LazyLinear(2), (1, 4))


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails: bool) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(), nn.BatchNorm1d(3))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    if fails:
        with pytest.raises(RuntimeError):
            torch.summary(model, (2, 4))
    else:
        torch.summary(model, (2, 3))
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_text_is_a_table_with_totals() -> None:
    lines = repr(torch.summary(nn.Sequential(nn.Linear(4, 2)), (8, 4))).splitlines()
    assert lines[0].split() == ["module", "class", "output", "parameters", "FLOPs"]
    assert lines[3].split() == ["0", "Linear", "8×2", "10", "128"]
    assert lines[-2:] == ["parameters: 10 (10 trainable, 0 frozen)", "FLOPs: 128"]


def test_the_example_of_the_documentation_holds() -> None:
    assert doctest.testmod(module_under_test).failed == 0
