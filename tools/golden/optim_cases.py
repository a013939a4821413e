"""What optimizers and schedulers are run on, here and in PyTorch.

Everything is written against the common API: `torch` stands for either library.
"""

import math
import types
from collections.abc import Iterator
from typing import Any

STEPS = 50
SNAPSHOTS = (1, 2, 3, 5, 10, 20, 30, 40, 50)
EPOCHS = 60

# An optimizer's class, and options, for every case.
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.05}),
    "sgd-default-lr": ("SGD", {}),
    "sgd-momentum": ("SGD", {"lr": 0.05, "momentum": 0.9}),
    "sgd-dampening": ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    "sgd-nesterov": ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True}),
    "sgd-weight-decay": ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    "sgd-everything": (
        "SGD",
        {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True, "foreach": True},
    ),
    "sgd-maximize": ("SGD", {"lr": 0.005, "momentum": 0.5, "maximize": True}),
    "sgd-fused": ("SGD", {"lr": 0.05, "momentum": 0.9, "fused": True}),
    "adam": ("Adam", {"lr": 0.05}),
    "adam-defaults": ("Adam", {}),
    "adam-betas": ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
    "adam-weight-decay": ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    "adam-decoupled": (
        "Adam",
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    "adam-amsgrad": ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}),
    "adam-maximize": ("Adam", {"lr": 0.05, "maximize": True}),
    "adam-fused": ("Adam", {"lr": 0.05, "fused": True}),
    "adamw": ("AdamW", {"lr": 0.05}),
    "adamw-amsgrad": ("AdamW", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.3}),
    "adamw-maximize": ("AdamW", {"lr": 0.01, "maximize": True}),
    "adamax": ("Adamax", {"lr": 0.05}),
    "adamax-weight-decay": ("Adamax", {"lr": 0.05, "weight_decay": 0.1, "betas": (0.8, 0.9)}),
    "adamax-maximize": ("Adamax", {"lr": 0.05, "maximize": True}),
    "nadam": ("NAdam", {"lr": 0.05}),
    "nadam-weight-decay": ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "momentum_decay": 0.1}),
    "nadam-decoupled": (
        "NAdam",
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    "nadam-maximize": ("NAdam", {"lr": 0.05, "maximize": True}),
    "radam": ("RAdam", {"lr": 0.05}),
    "radam-betas": ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9)}),
    "radam-weight-decay": ("RAdam", {"lr": 0.05, "weight_decay": 0.1}),
    "radam-decoupled": (
        "RAdam",
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    "radam-maximize": ("RAdam", {"lr": 0.05, "maximize": True}),
    "adagrad": ("Adagrad", {"lr": 0.1}),
    "adagrad-lr-decay": ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1}),
    "adagrad-initial": ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 2.0, "eps": 0.1}),
    "adagrad-maximize": ("Adagrad", {"lr": 0.1, "maximize": True}),
    "adadelta": ("Adadelta", {}),
    "adadelta-rho": ("Adadelta", {"lr": 2.0, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1}),
    "adadelta-maximize": ("Adadelta", {"maximize": True}),
    "rmsprop": ("RMSprop", {"lr": 0.02}),
    "rmsprop-momentum": ("RMSprop", {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}),
    "rmsprop-centered": ("RMSprop", {"lr": 0.02, "centered": True, "alpha": 0.9, "eps": 1e-2}),
    "rmsprop-everything": (
        "RMSprop",
        {"lr": 0.005, "centered": True, "momentum": 0.8, "weight_decay": 0.1, "eps": 1e-2},
    ),
    "rmsprop-maximize": ("RMSprop", {"lr": 0.02, "maximize": True}),
    "rprop": ("Rprop", {"lr": 0.02}),
    "rprop-bounds": ("Rprop", {"lr": 0.02, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.1)}),
    "rprop-maximize": ("Rprop", {"lr": 0.02, "maximize": True, "step_sizes": (1e-6, 0.05)}),
    "asgd": ("ASGD", {"lr": 0.05}),
    "asgd-average": (
        "ASGD",
        {"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 10, "weight_decay": 0.1},
    ),
    "asgd-maximize": ("ASGD", {"lr": 0.002, "maximize": True}),
    "adafactor": ("Adafactor", {"lr": 0.05}),
    "adafactor-options": (
        "Adafactor",
        {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-6, 1e-2), "d": 1.5, "weight_decay": 0.1},
    ),
    "adafactor-maximize": ("Adafactor", {"lr": 0.05, "maximize": True}),
    "muon": ("Muon", {"lr": 0.05}),
    "muon-plain": ("Muon", {"lr": 0.05, "nesterov": False, "weight_decay": 0.0, "ns_steps": 3}),
    "muon-adamw-lr": ("Muon", {"lr": 0.05, "momentum": 0.8, "adjust_lr_fn": "match_rms_adamw"}),
    "lbfgs": ("LBFGS", {"lr": 0.1, "max_iter": 2}),
    "lbfgs-short-history": ("LBFGS", {"lr": 0.5, "max_iter": 3, "history_size": 2}),
    "lbfgs-wolfe": ("LBFGS", {"max_iter": 1, "line_search_fn": "strong_wolfe"}),
}


def make_params(torch: types.ModuleType, name: str, dtype: Any = None) -> list[Any]:
    """Return the parameters that optimizer `name` starts from: matrices, a vector, a number."""
    shapes: list[tuple[int, ...]] = [(3, 4), (4, 2)]
    if name != "Muon":
        shapes += [(5,), ()]
    if name == "LBFGS":
        dtype = dtype or torch.float64  # a line search makes jumps out of rounding errors
    params = []
    for offset, shape in enumerate(shapes):
        count = math.prod(shape)
        values = [math.sin(1.7 * i + offset) for i in range(count)]
        param = torch.tensor(values, dtype=dtype).reshape(shape)
        params.append(param.requires_grad_())
    return params


def loss_of(params: list[Any], step: int) -> Any:
    """Return a loss that leaves the second parameter out at odd steps.

    Its minimum moves, so that gradients never become so small that rounding decides their sign.
    """
    total = 0.0
    goal = 0.4 + 2 * math.sin(0.3 * step)
    for index, param in enumerate(params):
        if index == 1 and step % 2 == 1:
            continue
        curvature = 0.5 + 0.25 * index
        total = total + curvature * ((param - goal) ** 2).sum() + (0.7 * param).sin().sum()
    return total


def make_optimizer(torch: types.ModuleType, case: str, params: list[Any]) -> Any:
    """Return the optimizer of a case; where groups are allowed, the last parameter has its own."""
    name, options = OPTIMIZERS[case]
    kind = getattr(torch.optim, name)
    if name == "LBFGS":
        return kind(params, **options)
    last = {"params": params[-1:]}
    if "lr" in options:
        last["lr"] = options["lr"] / 2
    return kind([{"params": params[:-1]}, last], **options)


def take_step(optimizer: Any, params: list[Any], step: int) -> Any:
    """Take one training step, with a closure where there must be one."""
    if type(optimizer).__name__ != "LBFGS":
        optimizer.zero_grad()
        loss = loss_of(params, step)
        loss.backward()
        optimizer.step()
        return loss

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(params, 2 * (step // 10))
        loss.backward()
        return loss

    return optimizer.step(closure)


def trajectory(torch: types.ModuleType, case: str, dtype: Any = None) -> Iterator[list[Any]]:
    """Yield the parameters after every step."""
    params = make_params(torch, OPTIMIZERS[case][0], dtype)
    optimizer = make_optimizer(torch, case, params)
    for step in range(STEPS):
        take_step(optimizer, params, step)
        yield params


# A scheduler's class, and options, for every case.
SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lambda": ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    "lambdas": (
        "LambdaLR",
        {"lr_lambda": [lambda epoch: 1 / (epoch + 1), lambda epoch: 0.9 ** (epoch // 5)]},
    ),
    "multiplicative": ("MultiplicativeLR", {"lr_lambda": lambda epoch: 1 - 1 / (epoch + 9)}),
    "multiplicatives": (
        "MultiplicativeLR",
        {"lr_lambda": [lambda epoch: 0.9, lambda epoch: 1.01]},
    ),
    "step": ("StepLR", {"step_size": 7}),
    "step-gamma": ("StepLR", {"step_size": 1, "gamma": 0.9}),
    "multi-step": ("MultiStepLR", {"milestones": [40, 5, 11], "gamma": 0.3}),
    "multi-step-twice": ("MultiStepLR", {"milestones": [3, 3, 9]}),
    "constant": ("ConstantLR", {}),
    "constant-long": ("ConstantLR", {"factor": 0.25, "total_iters": 30}),
    "linear": ("LinearLR", {}),
    "linear-down": ("LinearLR", {"start_factor": 1.0, "end_factor": 0.2, "total_iters": 33}),
    "exponential": ("ExponentialLR", {"gamma": 0.9}),
    "polynomial": ("PolynomialLR", {"total_iters": 40}),
    "polynomial-power": ("PolynomialLR", {"total_iters": 70, "power": 2.5}),
    "cosine": ("CosineAnnealingLR", {"T_max": 60}),
    "cosine-waves": ("CosineAnnealingLR", {"T_max": 13, "eta_min": 0.01}),
    "cosine-one": ("CosineAnnealingLR", {"T_max": 1}),
    "restarts": ("CosineAnnealingWarmRestarts", {"T_0": 9}),
    "restarts-longer": ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2, "eta_min": 0.02}),
    "cyclic": ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 8}),
    "cyclic-bounds": (
        "CyclicLR",
        {
            "base_lr": [0.01, 0.02],
            "max_lr": [0.1, 0.5],
            "step_size_up": 5,
            "step_size_down": 11,
            "mode": "triangular2",
            "base_momentum": [0.7, 0.8],
            "max_momentum": [0.8, 0.95],
        },
    ),
    "cyclic-exp": (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.1,
            "step_size_up": 6,
            "mode": "exp_range",
            "gamma": 0.97,
            "cycle_momentum": False,
        },
    ),
    "cyclic-function": (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.1,
            "step_size_up": 6,
            "scale_fn": lambda x: 1 / (1 + x),
            "scale_mode": "iterations",
        },
    ),
    "one-cycle": ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61}),
    "one-cycle-linear": (
        "OneCycleLR",
        {
            "max_lr": [0.5, 0.2],
            "epochs": 7,
            "steps_per_epoch": 9,
            "anneal_strategy": "linear",
            "pct_start": 0.4,
            "div_factor": 10,
            "final_div_factor": 100,
        },
    ),
    "one-cycle-three": (
        "OneCycleLR",
        {
            "max_lr": 0.5,
            "total_steps": 80,
            "three_phase": True,
            "pct_start": 0.35,
            "base_momentum": 0.7,
        },
    ),
    "one-cycle-still": (
        "OneCycleLR",
        {"max_lr": 0.5, "total_steps": 61, "cycle_momentum": False},
    ),
    "plateau": ("ReduceLROnPlateau", {"patience": 2}),
    "plateau-max": (
        "ReduceLROnPlateau",
        {"mode": "max", "patience": 1, "cooldown": 3, "factor": 0.5, "min_lr": [0.01, 0.05]},
    ),
    "plateau-abs": (
        "ReduceLROnPlateau",
        {"threshold_mode": "abs", "threshold": 0.1, "patience": 3, "factor": 0.7, "eps": 0.01},
    ),
    "plateau-max-abs": (
        "ReduceLROnPlateau",
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.05, "patience": 0, "factor": 0.8},
    ),
    "swa": ("SWALR", {"swa_lr": 0.02}),
    "swa-linear": (
        "SWALR",
        {"swa_lr": [0.02, 0.5], "anneal_epochs": 23, "anneal_strategy": "linear"},
    ),
    "swa-at-once": ("SWALR", {"swa_lr": 0.02, "anneal_epochs": 0}),
}

# Schedulers made of schedulers: the class, the parts, and the milestones.
COMBINED: dict[str, tuple[str, list[str], list[int]]] = {
    "chained": ("ChainedScheduler", ["constant-long", "exponential"], []),
    "chained-three": ("ChainedScheduler", ["linear", "step", "cosine-waves"], []),
    "sequential": ("SequentialLR", ["constant-long", "exponential"], [20]),
    "sequential-three": ("SequentialLR", ["linear", "cosine", "step"], [10, 35]),
    "sequential-lambda": ("SequentialLR", ["linear-down", "lambda", "multi-step"], [5, 6]),
    "sequential-restarts": ("SequentialLR", ["linear", "restarts-longer"], [7]),
    "sequential-polynomial": ("SequentialLR", ["multiplicative", "polynomial"], [13]),
}


def make_scheduled_optimizer(torch: types.ModuleType, name: str = "SGD", **options: Any) -> Any:
    """Return an optimizer of two groups with learning rates 0.1 and 0.3."""
    groups = [{"params": [torch.ones(1, requires_grad=True)], "lr": rate} for rate in (0.1, 0.3)]
    options = {"momentum": 0.9, **options} if name == "SGD" else options
    return getattr(torch.optim, name)(groups, **options)


def make_scheduler(torch: types.ModuleType, case: str, optimizer: Any, **more: Any) -> Any:
    """Return the scheduler of a case."""
    if case in COMBINED:
        name, parts, milestones = COMBINED[case]
        kind = getattr(torch.optim.lr_scheduler, name)
        schedulers = [make_scheduler(torch, part, optimizer) for part in parts]
        return kind(optimizer, schedulers, milestones) if milestones else kind(schedulers)
    name, options = SCHEDULERS[case]
    home = torch.optim.swa_utils if name == "SWALR" else torch.optim.lr_scheduler
    return getattr(home, name)(optimizer, **options, **more)


def metric(epoch: int) -> float:
    """Return what the plateau schedulers watch: it falls, with long pauses."""
    return 1.0 / (1 + epoch // 9) + 0.02 * math.sin(epoch)


def step_scheduler(scheduler: Any, epoch: int) -> None:
    """Step a scheduler, with the metric if it wants one."""
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        scheduler.step(metric(epoch))
    else:
        scheduler.step()


def schedule(torch: types.ModuleType, case: str, name: str = "SGD") -> list[list[float]]:
    """Return the learning rates and momenta of both groups, before each of `EPOCHS` steps."""
    optimizer = make_scheduled_optimizer(torch, name)
    scheduler = make_scheduler(torch, case, optimizer)
    rows = []
    for epoch in range(EPOCHS):
        rows.append(options_now(optimizer))
        optimizer.step()
        step_scheduler(scheduler, epoch)
    rows.append(options_now(optimizer))
    return rows


def options_now(optimizer: Any) -> list[float]:
    """Return learning rate and momentum of each group."""
    groups = optimizer.param_groups
    momenta = [group["betas"][0] if "betas" in group else group["momentum"] for group in groups]
    return [float(group["lr"]) for group in groups] + momenta


def option_sweep() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every numeric option of every optimizer with values at, and beyond, its bounds."""
    for name, options in NUMERIC_OPTIONS.items():
        for option in options:
            for value in (-1.0, 0.0, 0.5, 1.0, 1.5, math.inf, math.nan):
                yield name, {option: value}
    for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam"):
        for betas in ((-0.1, 0.9), (1.0, 0.9), (0.9, 1.0), (0.9, -1.0), (0.0, 0.0)):
            yield name, {"betas": betas}
    yield from OTHER_OPTIONS


NUMERIC_OPTIONS: dict[str, list[str]] = {
    "SGD": ["lr", "momentum", "dampening", "weight_decay"],
    "Adam": ["lr", "eps", "weight_decay"],
    "AdamW": ["lr", "eps", "weight_decay"],
    "Adamax": ["lr", "eps", "weight_decay"],
    "NAdam": ["lr", "eps", "weight_decay", "momentum_decay"],
    "RAdam": ["lr", "eps", "weight_decay"],
    "Adagrad": ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
    "Adadelta": ["lr", "rho", "eps", "weight_decay"],
    "RMSprop": ["lr", "alpha", "eps", "weight_decay", "momentum"],
    "Rprop": ["lr"],
    "ASGD": ["lr", "lambd", "alpha", "t0", "weight_decay"],
    "Adafactor": ["lr", "beta2_decay", "d", "weight_decay"],
    "Muon": ["lr", "weight_decay", "momentum", "eps"],
    "LBFGS": ["lr"],
}

OTHER_OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"nesterov": True}),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
    ("SGD", {"fused": True, "foreach": True}),
    ("SGD", {"fused": True, "differentiable": True}),
    ("Adam", {"fused": True, "foreach": True}),
    ("AdamW", {"fused": True, "differentiable": True}),
    ("Adagrad", {"fused": True, "foreach": True}),
    ("Adagrad", {"fused": True, "differentiable": True}),
    ("Rprop", {"etas": (0.5, 0.8)}),
    ("Rprop", {"etas": (1.5, 2.0)}),
    ("Rprop", {"etas": (0.0, 1.2)}),
    ("Adafactor", {"eps": (-1.0, 1e-3)}),
    ("Adafactor", {"eps": (None, -1.0)}),
    ("Muon", {"adjust_lr_fn": "other"}),
]

# Schedulers that cannot be made.
BAD_SCHEDULERS: list[tuple[str, dict[str, Any]]] = [
    ("LambdaLR", {"lr_lambda": [abs]}),
    ("MultiplicativeLR", {"lr_lambda": [abs, abs, abs]}),
    ("ConstantLR", {"factor": 1.5}),
    ("ConstantLR", {"factor": -0.5}),
    ("LinearLR", {"start_factor": 0.0}),
    ("LinearLR", {"start_factor": 1.5}),
    ("LinearLR", {"end_factor": -0.5}),
    ("LinearLR", {"end_factor": 1.5}),
    ("StepLR", {"step_size": 3, "last_epoch": 4}),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2.5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 1.5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "eta_min": "low"}),
    ("CyclicLR", {"base_lr": [0.1], "max_lr": 0.2}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": [0.2, 0.3, 0.4]}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "mode": "square"}),
    ("OneCycleLR", {"max_lr": 0.1}),
    ("OneCycleLR", {"max_lr": 0.1, "epochs": 3}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 0}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 1.5}),
    ("OneCycleLR", {"max_lr": 0.1, "epochs": 0, "steps_per_epoch": 1}),
    ("OneCycleLR", {"max_lr": 0.1, "epochs": 1, "steps_per_epoch": -1}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "pct_start": 1.5}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "anneal_strategy": "step"}),
    ("OneCycleLR", {"max_lr": [0.1], "total_steps": 9}),
    ("ReduceLROnPlateau", {"factor": 1.0}),
    ("ReduceLROnPlateau", {"mode": "up"}),
    ("ReduceLROnPlateau", {"threshold_mode": "none"}),
    ("ReduceLROnPlateau", {"min_lr": [0.1]}),
    ("SWALR", {"swa_lr": [0.1]}),
    ("SWALR", {"swa_lr": 0.1, "anneal_strategy": "exp"}),
    ("SWALR", {"swa_lr": 0.1, "anneal_epochs": -1}),
    ("SWALR", {"swa_lr": 0.1, "anneal_epochs": 1.5}),
    ("SequentialLR", {"schedulers": [], "milestones": []}),
    ("SequentialLR", {"schedulers": [None], "milestones": []}),
]


def error_of(make: Any) -> list[str] | None:
    """Return the type and the message of the error that `make` raises, if it does."""
    try:
        make()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


def option_error(torch: types.ModuleType, name: str, options: dict[str, Any]) -> list[str] | None:
    """Return the error of an optimizer that is made with `options`."""
    matrix = torch.ones(2, 2, requires_grad=True)
    return error_of(lambda: getattr(torch.optim, name)([matrix], **options))


def scheduler_error(
    torch: types.ModuleType, name: str, options: dict[str, Any]
) -> list[str] | None:
    """Return the error of a scheduler that is made with `options`."""
    home = torch.optim.swa_utils if name == "SWALR" else torch.optim.lr_scheduler
    optimizer = make_scheduled_optimizer(torch)
    return error_of(lambda: getattr(home, name)(optimizer, **options))
