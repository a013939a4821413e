"""What parameter groups are made from, and what is made of them when they are saved."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flambeau.tensor import Tensor

__all__ = [
    "cast_state",
    "check_groups_match",
    "merge_group",
    "pack_group",
    "split_names",
    "type_name",
]

Group = dict[str, Any]


def type_name(value: Any) -> str:
    """Return how error messages name the type of `value`: ``str``, ``flambeau.FloatTensor``."""
    if isinstance(value, Tensor):
        return value.type()
    kind = type(value)
    home = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return home + kind.__qualname__


def split_names(group: Group) -> None:
    """Make ``group["params"]`` a list of tensors, with their names, if any, in "param_names"."""
    params = group["params"]
    if isinstance(params, Tensor):
        group["params"] = [params]
        return
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but "
            "the ordering of tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [param[0] for param in params if isinstance(param, tuple)]
    if names and len(names) != len(params):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    group["params"] = [param[1] for param in params] if names else params
    if names:
        group["param_names"] = names


def check_groups_match(groups: list[Group], saved_groups: list[Group]) -> None:
    """Refuse saved groups that do not fit, in number or in size."""
    if len(groups) != len(saved_groups):
        raise ValueError("loaded state dict has a different number of parameter groups")
    for group, saved in zip(groups, saved_groups, strict=True):
        if len(group["params"]) != len(saved["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group "
                "that doesn't match the size of optimizer's group"
            )


def pack_group(group: Group, numbers: dict[int, int]) -> Group:
    """Return the options of a group, its parameters replaced by their numbers."""
    packed = {name: value for name, value in group.items() if name != "params"}
    packed["params"] = [numbers[id(param)] for param in group["params"]]
    return packed


def merge_group(group: Group, saved: Group) -> Group:
    """Return the options of `saved` for the parameters of `group`, which keep names they have."""
    names = {"param_names": group["param_names"]} if "param_names" in group else {}
    return {**names, **saved, "params": group["params"]}


def cast_state(value: Any, param: Tensor, name: Hashable = None) -> Any:
    """Cast the tensors in a saved state to the dtype of `param`, step counts excepted."""
    if isinstance(value, Tensor):
        castable = name != "step" and param.is_floating_point()
        return value.to(param.dtype) if castable else value
    if isinstance(value, dict):
        return {key: cast_state(item, param, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(cast_state(item, param) for item in value)
    return value
