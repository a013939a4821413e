"""Printed texts are the same when they agree to the last place, and only then."""

import pytest

from tools.documents.compare import difference, outcome_difference


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("epoch 1: 0.5687", "epoch 1: 0.5687"),
        ("tensor([0.5687, -1.2000])", "tensor([0.5688, -1.2001])"),
        ("tensor(1.2500e-03)", "tensor(1.2501e-03)"),
        ("tensor([-0.0000, 1.])", "tensor([0.0000, 1.])"),
        ("loss: 1.327077865600586", "loss: 1.3270777463912964"),
        ("loss: 112145.7578", "loss: 112145.7656"),
        ("tensor(3.7253e-09)", "tensor(-1.8626e-09)"),
        ("tensor(3.7253e-09)", "tensor(0.)"),
        ("<SumBackward0 object at 0x7f3a5c0d1e20>", "<SumBackward0 object at 0x55d0c0ffee10>"),
        ("tensor([[ 1.0000]])", "tensor([[1.0000]])"),
        ("text\n", "text"),
    ],
)
def test_same_to_the_last_place(expected: str, actual: str) -> None:
    assert difference(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("0.5687", "0.5689"),
        ("1.2500e-03", "1.2503e-03"),
        ("tensor(1.)", "tensor(3.)"),
        ("tensor(1.0000)", "tensor(1.0000, grad_fn=<A>)"),
        ("<AddBackward0>", "<SubBackward0>"),
        ("torch.Size([2, 3])", "torch.Size([3, 2])"),
        ("epoch 1", "epoch 2"),
        ("nan", "0.0000"),
        ("inf", "-inf"),
        ("one\ntwo", "one"),
        ("one", "one\ntwo"),
        ("loss: 1.327077865600586", "loss: 1.32709"),
        ("-1.5000", "1.5000"),
    ],
)
def test_different(expected: str, actual: str) -> None:
    assert difference(expected, actual) is not None


def test_difference_names_the_line() -> None:
    assert difference("a\nb\nc", "a\nx\nc") == "line 2: 'x', expected 'b'"


def test_block_that_fails_must_fail_with_the_same_kind_of_error() -> None:
    expected = {"status": "error", "error": "NameError: name 'x' is not defined", "output": ""}
    assert outcome_difference(expected, expected | {"error": "NameError: x"}) is None
    said = outcome_difference(expected, expected | {"error": "TypeError: x"})
    assert said == "fails with 'TypeError: x', expected \"NameError: name 'x' is not defined\""


def test_block_that_runs_must_run() -> None:
    failed = {"status": "error", "error": "TypeError: x", "output": ""}
    said = outcome_difference({"status": "ok", "output": ""}, failed)
    assert said == "status error (TypeError: x), expected ok"
