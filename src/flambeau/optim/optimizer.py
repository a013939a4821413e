"""The base class of all optimizers: parameter groups, state, hooks, and the one update loop."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from numbers import Real
from typing import Any, TypeAlias

from flambeau import ops
from flambeau.autograd import assign, enable_grad, set_grad_enabled
from flambeau.autograd.composite import number
from flambeau.ir import dtypes
from flambeau.optim._groups import (
    cast_state,
    check_groups_match,
    merge_group,
    pack_group,
    split_names,
    type_name,
)
from flambeau.runtime import step_boundary
from flambeau.tensor import Tensor
from flambeau.utils.hooks import RemovableHandle

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Group: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]
Slots: TypeAlias = dict[str, Callable[[Tensor, Group], Tensor] | None]
Prepared: TypeAlias = tuple[dict[str, Tensor], list[Any]]
Hook: TypeAlias = Callable[..., Any]

_global_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
_global_post_hooks: OrderedDict[int, Hook] = OrderedDict()


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer."""
    return _register(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer."""
    return _register(_global_post_hooks, hook)


class Optimizer:
    """Base class of all optimizers.

    An optimizer of the library is a *rule* and a declaration. The rule is a pure function
    ``rule(param, grad, *slots, *scalars) -> (param, *slots)`` of tensors and numbers. Declared
    are `_slots`, the state tensors that the rule carries from step to step, `numbers`, the state
    that is kept in 0-d tensors (such as the count of steps), and `_scalars`, the numbers that
    the rule wants at this step. The base class does the rest. A class that defines its own
    `step` instead, as PyTorch's users write it, works too.

    Args:
        params: tensors, ``(name, tensor)`` pairs, or dicts, one for each group, of the form
            ``{"params": tensors, option: value, ...}``.
        defaults: the options of a group that does not set them itself.

    Raises:
        TypeError: `params` is a tensor, an unordered set, or holds something not a tensor.
        ValueError: `params` is empty, or holds a non-leaf tensor or one tensor in two groups.
    """

    rule: Any = None
    numbers: Mapping[str, float | None] = {}  # with the values they start from
    _fresh: list[Tensor]  # parameters whose state this step made

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls.step, "hooked"):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hook_tables()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got {type_name(params)}"
            )
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    # What a subclass declares.

    def _slots(self, param: Tensor, group: Group) -> Slots:
        """Name each state tensor of `param` in the rule's order, with what makes its first value.

        ``None`` marks a state tensor that the options of the group have no use for: the rule
        receives, and returns, ``None`` in its place.
        """
        return {}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        """Compute what the rule wants to know at this step, from the options and the numbers.

        New values are written into `numbers`; "step" has been advanced. `first` tells that a slot
        is about to be filled.
        """
        return ()

    # Stepping.

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: evaluates the model again and returns the loss.

        Returns:
            What `closure` returned, or None.
        """
        if self.rule is None:
            raise NotImplementedError
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                _check_capturable(group)
                prepared: dict[Any, Prepared] = {}
                for param in group["params"]:
                    if param.grad is not None:
                        self._update(param, param.grad, group, prepared)
        return loss

    def _update(
        self, param: Tensor, grad: Tensor, group: Group, prepared: dict[Any, Prepared]
    ) -> None:
        state = self.state.get(param, {})
        slots = self._slots(param, group)
        missing = {
            name: initial
            for name, initial in slots.items()
            if initial is not None and state.get(name) is None
        }
        numbers, scalars = self._prepare(state, group, bool(missing), prepared)
        for name, value in numbers.items():
            if name in state:
                assign(state[name], value)
            else:
                state[name] = value.clone()
        for name, initial in missing.items():
            state[name] = initial(param, group)
        if state:
            if param not in self.state:
                self._fresh.append(param)
            self.state[param] = state
        if group.get("maximize"):
            grad = -grad
        old = [None if slots[name] is None else state[name] for name in slots]
        new = self.rule(param, grad, *old, *scalars)
        for tensor, value in zip([param, *old], new, strict=True):
            if tensor is not None:
                assign(tensor, value)

    def _prepare(
        self, state: State, group: Group, first: bool, prepared: dict[Any, Prepared]
    ) -> Prepared:
        """Compute the numbers of a step, once for all parameters that have the same history."""
        numbers: dict[str, Any] = {
            name: state[name].item() if name in state else initial
            for name, initial in self.numbers.items()
        }
        key = (first, *numbers.values())
        if key not in prepared:
            if "step" in numbers:
                numbers["step"] += 1
            scalars = [_run_time(value) for value in self._scalars(group, numbers, first)]
            prepared[key] = {name: scalar(value) for name, value in numbers.items()}, scalars
        return prepared[key]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Args:
            set_to_none: whether ``param.grad`` becomes None (a parameter without a gradient is
                skipped by `step`) or is filled with zeros in place.
        """
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                if set_to_none:
                    param.grad = None
                else:
                    param.grad.detach_()
                    param.grad.zero_()

    # Parameter groups.

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, with its own options, to those that are optimized.

        >>> import flambeau as torch
        >>> w, b = torch.zeros(3, requires_grad=True), torch.zeros(1, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1)
        >>> optimizer.add_param_group({"params": [b], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        split_names(param_group)
        self._check_params(param_group["params"])
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization "
                    f"parameter {name}"
                )
            param_group.setdefault(name, default)
        self._check_group(param_group)
        self.param_groups.append(param_group)

    def _check_params(self, params: list[Any]) -> None:
        differentiable = self.defaults.get("differentiable")
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, "
                    f"but one of the params is {type_name(param)}"
                )
            if not (differentiable or param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")

    def _check_group(self, group: Group) -> None:
        params = group["params"]
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        known = {param for other in self.param_groups for param in other["params"]}
        if not known.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        named = "param_names" in group
        if self.param_groups and named != ("param_names" in self.param_groups[0]):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with names' if named else 'without names'} to the optimizer"
            )

    # Saving and loading.

    def state_dict(self) -> dict[str, Any]:
        """Return the state and the groups, parameters replaced by their running number.

        The layout is PyTorch's, and its tensors are the optimizer's own, not copies:
        ``{"state": {0: {name: tensor, ...}, ...}, "param_groups": [{..., "params": [0]}]}``.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        params = [param for group in self.param_groups for param in group["params"]]
        numbers: dict[int, int] = {}
        for param in params:
            numbers.setdefault(id(param), len(numbers))
        packed = {
            "state": {
                numbers[id(key)] if isinstance(key, Tensor) else key: state
                for key, state in self.state.items()
            },
            "param_groups": [pack_group(group, numbers) for group in self.param_groups],
        }
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, packed)
            packed = packed if changed is None else changed
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and the options saved by `state_dict`, here or in PyTorch.

        State tensors are cast to the dtype of their parameters, step counts excepted; those that
        already have it are taken as they are, not copied.

        Raises:
            ValueError: the groups, or the numbers of parameters in them, differ.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        saved_groups = deepcopy(state_dict["param_groups"])
        check_groups_match(self.param_groups, saved_groups)
        params = {
            number: param
            for group, saved in zip(self.param_groups, saved_groups, strict=True)
            for number, param in zip(saved["params"], group["params"], strict=True)
        }
        state: defaultdict[Any, State] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = cast_state(value, params[key])
            else:
                state[key] = value
        groups = [merge_group(*pair) for pair in zip(self.param_groups, saved_groups, strict=True)]
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if not hasattr(self, "_optimizer_step_pre_hooks"):
            self._make_hook_tables()
        self.defaults.setdefault("differentiable", False)
        # Files of older versions lack newer options, and count steps in plain numbers.
        for group in self.param_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)
        for values in self.state.values():
            if isinstance(values, dict) and isinstance(values.get("step"), int | float):
                values["step"] = scalar(values["step"])

    # Hooks.

    def _make_hook_tables(self) -> None:
        self._optimizer_step_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_step_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step.

        The hook returns None, or the ``(args, kwargs)`` that `step` shall be called with.
        """
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before `state_dict` runs."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` on what `state_dict` made; it may return another."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another dict."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` after `load_state_dict`."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            if index > 0:
                lines.append("")
            lines.append(f"Parameter Group {index}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


# For the subclasses.


def zeros(param: Tensor, group: Group) -> Tensor:
    """Make the first value of a slot that starts at zero."""
    return ops.zeros_like(param)


def scalar(value: float) -> Tensor:
    """Make a 0-d state number, float32 unless the default dtype is float64."""
    double = dtypes.default() is dtypes.float64
    return ops.tensor(float(value), dtype=dtypes.float64 if double else dtypes.float32)


def unless_zero(value: Any) -> Any:
    """Return None for a coefficient of zero: the rules leave out the term it multiplies."""
    return None if value == 0 else value


# For the base class.


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a class's `step`: hooks before and after it, and the end of the training step."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        outermost = type(self).step
        if outermost is not hooked and hasattr(outermost, "hooked"):
            return step(self, *args, **kwargs)  # called as super().step(...)
        args = (self, *args)
        pre_hooks = [*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()]
        for hook in pre_hooks:
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise RuntimeError(
                    f"{step} must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {changed}."
                )
            args, kwargs = changed
        self._fresh = []
        result = step(*args, **kwargs)
        try:
            step_boundary()
        except Exception:
            for param in self._fresh:  # their state is that of a step which did not happen
                del self.state[param]
            raise
        post_hooks = [*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()]
        for hook in post_hooks:
            hook(self, args, kwargs)
        return result

    hooked.hooked = True  # type: ignore[attr-defined]
    return hooked


def _register(table: OrderedDict[int, Hook], hook: Hook, prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def _run_time(value: Any) -> Any:
    """Make a run-time scalar of a float, NumPy's included; all else is a constant of the rule."""
    real = isinstance(value, Real) and not isinstance(value, int)
    return number(float(value)) if real else value


def _check_capturable(group: Group) -> None:
    if group.get("capturable"):
        raise AssertionError(
            "If capturable=True, params must be on a device that captures graphs; "
            "these are on the CPU. Set capturable=False."
        )
