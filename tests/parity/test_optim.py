"""Optimizers beside PyTorch's: signatures, options, hooks, messages."""

import inspect
import warnings
from functools import partial
from typing import Any

import numpy
import pytest

import flambeau
from tools.golden import optim_cases as cases

torch = pytest.importorskip("torch")

LIBRARIES = (torch, flambeau)
CLASSES = [name for name in flambeau.optim.__all__ if inspect.isclass(getattr(torch.optim, name))]


def parameters(function: Any) -> list[tuple[Any, ...]]:
    signature = inspect.signature(function)
    return [(each.name, each.default, each.kind) for each in signature.parameters.values()]


@pytest.mark.parametrize("name", CLASSES)
def test_optimizers_take_the_arguments_of_pytorch(name: str) -> None:
    ours, theirs = getattr(flambeau.optim, name), getattr(torch.optim, name)
    assert parameters(ours.__init__) == parameters(theirs.__init__)


@pytest.mark.parametrize("home", ["lr_scheduler", "swa_utils"])
def test_schedulers_and_averages_take_the_arguments_of_pytorch(home: str) -> None:
    ours, theirs = getattr(flambeau.optim, home), getattr(torch.optim, home)
    assert set(ours.__all__) == set(theirs.__all__)
    for name in ours.__all__:
        assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name)), name


def test_nothing_of_pytorch_is_missing_but_what_is_known_to_be() -> None:
    known = {"SparseAdam", "swap_in_optimizer_params_and_state"}
    assert set(torch.optim.__all__) - set(flambeau.optim.__all__) == known


@pytest.mark.parametrize("name", CLASSES)
def test_optimizers_have_the_methods_of_pytorch(name: str) -> None:
    ours, theirs = getattr(flambeau.optim, name), getattr(torch.optim, name)
    public = {method for method in dir(theirs) if not method.startswith("_")}
    # What PyTorch keeps for its profiler, its types and for processes.
    left_out = {
        "OptimizerPostHook",
        "OptimizerPreHook",
        "profile_hook_step",
        "share_memory",
    }
    assert public - left_out <= set(dir(ours))


@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_representations_are_equal(case: str) -> None:
    texts = []
    for library in LIBRARIES:
        params = cases.make_params(library, cases.OPTIMIZERS[case][0])
        texts.append(repr(cases.make_optimizer(library, case, params)))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Rprop", "ASGD"])
def test_the_learning_rate_may_be_a_tensor(name: str) -> None:
    results = []
    for library in LIBRARIES:
        params = cases.make_params(library, name)
        rate = library.tensor(0.05)
        optimizer = getattr(library.optim, name)(params, lr=rate)
        for step in range(6):
            cases.take_step(optimizer, params, step)
            rate.mul_(0.9)
        results.append([param.detach().numpy() for param in params])
        results[-1].append(repr(optimizer))
    *expected, their_text = results[0]
    *actual, our_text = results[1]
    assert our_text == their_text
    for theirs, ours in zip(expected, actual, strict=True):
        numpy.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


DIFFERENTIABLE = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta"]
DIFFERENTIABLE += ["RMSprop", "ASGD"]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_differentiable_steps_give_the_gradient_through_the_step(name: str) -> None:
    gradients = []
    for library in LIBRARIES:
        start = library.tensor([1.0, -2.0, 0.5], dtype=library.float64, requires_grad=True)
        param = start.clone()
        optimizer = getattr(library.optim, name)([param], lr=0.1, differentiable=True)
        param.grad = (start**3).detach() + start**2
        optimizer.step()
        (param**2).sum().backward()
        gradients.append(start.grad.numpy())
    # PyTorch computes some of the numbers of a differentiable step in float32.
    numpy.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-5)


def ones(library: Any, *shape: int) -> Any:
    return library.ones(*shape, requires_grad=True)


def two_groups(library: Any, **options: Any) -> Any:
    groups = [{"params": [ones(library, 2)]}, {"params": [ones(library, 3)]}]
    return library.optim.SGD(groups, **options)


ERRORS = {
    "empty list": lambda t: t.optim.SGD([]),
    "empty generator": lambda t: t.optim.Adam(iter([])),
    "a number": lambda t: t.optim.SGD(3),
    "a string among params": lambda t: t.optim.SGD(["w"]),
    "an array among params": lambda t: t.optim.SGD([numpy.ones(2)]),
    "a set": lambda t: t.optim.SGD([{"params": {ones(t, 2)}}]),
    "not a leaf": lambda t: t.optim.SGD([ones(t, 2) * 2]),
    "group is a list": lambda t: t.optim.SGD([ones(t, 2)]).add_param_group([ones(t, 2)]),
    "group without params": lambda t: t.optim.SGD([{"lr": 0.1}]),
    "one name missing": lambda t: t.optim.SGD([("a", ones(t, 2)), ones(t, 3)]),
    "second group unnamed": lambda t: t.optim.SGD(
        [{"params": [("a", ones(t, 2))]}, {"params": [ones(t, 3)]}]
    ),
    "second group named": lambda t: t.optim.SGD(
        [{"params": [ones(t, 2)]}, {"params": [("a", ones(t, 3))]}]
    ),
    "base class steps": lambda t: t.optim.Optimizer([ones(t, 2)], {}).step(),
    "other number of groups": lambda t: two_groups(t).load_state_dict(
        t.optim.SGD([ones(t, 2)]).state_dict()
    ),
    "other size of group": lambda t: t.optim.SGD([ones(t, 2)]).load_state_dict(
        t.optim.SGD([ones(t, 2), ones(t, 2)]).state_dict()
    ),
    "lr of two elements": lambda t: t.optim.SGD([ones(t, 2)], lr=t.ones(2)),
    "Adam lr of two elements": lambda t: t.optim.Adam([ones(t, 2)], lr=t.ones(2)),
    "Adam lr tensor and foreach": lambda t: t.optim.Adam([ones(t, 2)], lr=t.ones(()), foreach=True),
    "betas of two kinds": lambda t: t.optim.Adam([ones(t, 2)], betas=(t.tensor(0.9), 0.9)),
    "betas tensors and foreach": lambda t: t.optim.Adam(
        [ones(t, 2)], betas=(t.tensor(0.9), t.tensor(0.9)), foreach=True
    ),
    "LBFGS groups": lambda t: t.optim.LBFGS([{"params": [ones(t, 2)]}, {"params": [ones(t, 2)]}]),
    "LBFGS without closure": lambda t: t.optim.LBFGS([ones(t, 2)]).step(),
    "Muon of a vector": lambda t: t.optim.Muon([ones(t, 2)]),
    "EMA decay": lambda t: t.optim.swa_utils.get_ema_avg_fn(1.5),
    "EMA decay of many": lambda t: t.optim.swa_utils.get_ema_multi_avg_fn(-0.5),
    "two averages": lambda t: t.optim.swa_utils.AveragedModel(
        t.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors_are_those_of_pytorch(what: str) -> None:
    expected, actual = (cases.error_of(partial(ERRORS[what], each)) for each in LIBRARIES)
    assert expected is not None
    assert actual is not None
    actual[1] = actual[1].replace("flambeau.Size", "torch.Size")
    assert actual == expected


def test_a_parameter_given_twice_is_warned_of_as_in_pytorch() -> None:
    messages = []
    for library in LIBRARIES:
        param = ones(library, 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            library.optim.SGD([param, param])
        messages.append([(each.category, str(each.message)) for each in caught])
    assert len(messages[0]) == 1
    assert messages[1] == messages[0]


def test_hooks_are_given_what_pytorch_gives_them() -> None:
    logs = []
    for library in LIBRARIES:
        optimizer = library.optim.SGD([ones(library, 2)])
        log: list[Any] = []

        def note(owner: Any, args: Any, kwargs: Any, log: list[Any] = log) -> None:
            log.append((type(owner).__name__, len(args), sorted(kwargs)))

        optimizer.register_step_pre_hook(note)
        optimizer.register_step_post_hook(note)
        optimizer.step()
        optimizer.step(None)
        optimizer.step(closure=lambda: 3)
        logs.append(log)
    assert logs[1] == logs[0]


def test_names_are_kept_as_in_pytorch() -> None:
    dicts = []
    for library in LIBRARIES:
        named = [("w", ones(library, 2)), ("b", ones(library, 1))]
        optimizer = library.optim.SGD(named, lr=0.1)
        other = library.optim.SGD([("v", ones(library, 2)), ("c", ones(library, 1))])
        other.load_state_dict(optimizer.state_dict())
        plain = library.optim.SGD([ones(library, 2), ones(library, 1)])
        plain.load_state_dict(optimizer.state_dict())
        dicts.append([each.state_dict() for each in (optimizer, other, plain)])
        dicts[-1].append(repr(other))
    assert dicts[1] == dicts[0]


@pytest.mark.parametrize(
    ("name", "use_buffers"),
    [
        ("default", False),
        ("get_swa_multi_avg_fn", False),  # PyTorch's cannot average buffers of integers
        ("get_ema_multi_avg_fn", False),
        ("get_ema_multi_avg_fn", True),
    ],
)
def test_averaged_models_agree(name: str, use_buffers: bool) -> None:
    results = []
    for library in LIBRARIES:
        utils = library.optim.swa_utils
        model = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.BatchNorm1d(3))
        options = {} if name == "default" else {"multi_avg_fn": getattr(utils, name)()}
        averaged = utils.AveragedModel(model, use_buffers=use_buffers, **options)
        for step in range(5):
            with library.no_grad():
                for index, value in enumerate(model.state_dict().values()):
                    value.copy_(library.ones(value.shape) * (step + 1) * (index + 1))
            averaged.update_parameters(model)
        results.append({key: value.numpy() for key, value in averaged.state_dict().items()})
    assert list(results[0]) == list(results[1])
    for key, value in results[0].items():
        numpy.testing.assert_allclose(results[1][key], value, rtol=1e-6)
