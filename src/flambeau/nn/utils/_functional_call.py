"""Calling a module with other parameters and buffers than its own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from flambeau.nn.modules.module import Module
from flambeau.tensor import Tensor

__all__ = ["functional_call"]

_ABSENT = object()


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What the module gives with these tensors in the place of its parameters and buffers.

    It is differentiable with respect to them, which makes a function of the module's parameters
    out of a module. In-place changes of buffers happen to the tensors given.

    Args:
        module: the module.
        parameter_and_buffer_dicts: tensors by dotted names, or several such dictionaries.
        args: what to call it with: a tuple, or the only argument.
        kwargs: keyword arguments.
        tie_weights: let a tensor stand for all the names under which the module uses the one that
            it replaces.
        strict: require all names, and no others.

    >>> import flambeau as torch
    >>> from flambeau.func import functional_call
    >>> layer = torch.nn.Linear(2, 1)
    >>> tensors = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    >>> functional_call(layer, tensors, torch.ones(1, 2))
    tensor([[2.]])
    """
    tensors = _merged(parameter_and_buffer_dicts)
    if tie_weights:
        tensors = _with_tied_names(module, tensors)
    if strict:
        _check_names(module, tensors)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with ExitStack() as replacements:
        for name, tensor in tensors.items():
            replacements.enter_context(_replaced(module, name, tensor))
        return module(*arguments, **(kwargs or {}))


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(each, Mapping) for each in dicts):
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(dicts)}"
        )
    counts = Counter(name for each in dicts for name in each)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
            "ambiguous"
        )
    return {name: tensor for each in dicts for name, tensor in each.items()}


def _named_tensors(module: Module) -> dict[str, Tensor]:
    """All parameters and buffers, those used twice under both their names."""
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _check_names(module: Module, tensors: Mapping[str, Tensor]) -> None:
    own = _named_tensors(module)
    messages = []
    for kind, names in (
        ("Missing", [name for name in own if name not in tensors]),
        ("Unexpected", [name for name in tensors if name not in own]),
    ):
        if names:
            messages.append(f"{kind} key(s): {', '.join(map(repr, names))}.")
    if messages:
        listing = "\n\t".join(messages)
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{listing}")


def _with_tied_names(module: Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names_of: dict[int, list[str]] = {}
    for name, tensor in _named_tensors(module).items():
        names_of.setdefault(id(tensor), []).append(name)
    completed = dict(tensors)
    for names in names_of.values():
        given = [name for name in names if name in tensors]
        if len({id(tensors[name]) for name in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {given}, which are tied. "
                "Consider using tie_weights=False"
            )
        if given:
            completed.update(dict.fromkeys(names, tensors[given[0]]))
    return completed


@contextmanager
def _replaced(module: Module, name: str, tensor: Tensor) -> Iterator[None]:
    """Within the context the module has this tensor under the dotted name."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    path, _, leaf = name.rpartition(".")
    if leaf == "":
        raise KeyError('tensor name can\'t be empty string ""')
    table = _table_of(module.get_submodule(path), leaf)
    before = table.get(leaf, _ABSENT)
    table[leaf] = tensor
    try:
        yield
    finally:
        if before is _ABSENT:
            del table[leaf]
        else:
            table[leaf] = before


def _table_of(owner: Module, name: str) -> dict[str, Any]:
    for table in (owner._parameters, owner._buffers):
        if name in table:
            return table
    if name in owner._modules:
        raise TypeError(
            f"attribute `{name}`: {owner._modules[name]} is not an instance of torch.Tensor"
        )
    return owner.__dict__
