"""Parametrizations: a parameter of a module computed from others, wherever it is used.

``register_parametrization(layer, "weight", Symmetric())`` makes ``layer.weight`` the output of
``Symmetric()`` applied to the tensor that was there, which is learned from then on in its place.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flambeau.autograd import no_grad
from flambeau.nn.modules.container import ModuleDict, ModuleList
from flambeau.nn.modules.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache_depth = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within this context each parametrized tensor is computed once, at its first use.

    >>> from flambeau.nn.utils import parametrize
    >>> with parametrize.cached():
    ...     pass
    """
    global _cache_depth
    _cache_depth += 1
    try:
        yield
    finally:
        _cache_depth -= 1
        if _cache_depth == 0:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied in order, and what they are applied to.

    Args:
        modules: the parametrizations.
        original: the tensor that they will stand for.
        unsafe: do not check that they keep its type and shape.

    Attributes:
        original: what is learned. If the first parametrization takes several tensors they are
            ``original0``, ``original1`` …
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        new = self._undo(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._keep(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            self._check_output(original)

    def _undo(self, original: Tensor) -> Any:
        """What gives ``original`` when the parametrizations are applied to it."""
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                new = _right_inverse(module, new)
        if not isinstance(new, Tensor | Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        return new

    def _keep(self, original: Tensor, new: Tensor) -> None:
        if original.dtype != new.dtype:
            raise ValueError(
                "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                f"original.dtype: {original.dtype}\n"
                f"right_inverse(original).dtype: {new.dtype}"
            )
        # The parameter stays the same object, for the optimizers that hold it.
        with no_grad():
            original.data = new.detach()
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, new: Sequence[Any]) -> None:
        for place, tensor in enumerate(new):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors "
                    "(list, tuple...). Got element "
                    f"{place} of the sequence with type {type(tensor).__name__}."
                )
            if isinstance(original, Parameter):
                tensor = Parameter(tensor, original.requires_grad)
            tensor.requires_grad_(original.requires_grad)
            _register(self, f"original{place}", tensor)

    def _check_output(self, original: Tensor) -> None:
        computed = self()
        if not isinstance(computed, Tensor):
            raise ValueError(
                f"A parametrization must return a tensor. Got {type(computed).__name__}."
            )
        _check_kept("Registering a parametrization", original, computed)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{place}") for place in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Change what is learned so that the parametrized tensor becomes ``value``."""
        with no_grad():
            new: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                new = module.right_inverse(new)
            values = [new] if self.is_tensor else list(new)
            if len(values) != self.ntensors:
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors of length "
                    f"{self.ntensors}. Got a sequence of length {len(values)}."
                )
            for original, tensor in zip(self._originals(), values, strict=True):
                original.data = tensor.detach()

    def forward(self) -> Tensor:
        first, *others = self
        computed = first(*self._originals())
        for module in others:
            computed = module(computed)
        return computed


def _right_inverse(module: Module, value: Any) -> Any:
    """``module.right_inverse(value)``, or the value itself where there is none."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


def _check_kept(what: str, before: Tensor, after: Tensor) -> None:
    for quality in ("dtype", "shape"):
        if getattr(before, quality) != getattr(after, quality):
            raise ValueError(
                f"{what} may not change the {quality} of the tensor, unless `unsafe` flag is "
                f"enabled.\nunparametrized {quality}: {getattr(before, quality)}\n"
                f"parametrized {quality}: {getattr(after, quality)}"
            )


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of ``module`` by ``parametrization`` from now on.

    Registered a second time for the same tensor, it is applied after the first. Assigning to the
    tensor needs a method ``right_inverse`` of the parametrization; it is also asked for the
    initial value of what is learned.

    Args:
        module: the module that has the tensor.
        tensor_name: the name of the tensor in it.
        parametrization: takes the tensor, or several, and gives one of the same type and shape.
        unsafe: do not check type and shape.

    Returns:
        the module, whose class is now named ``Parametrized…``.

    >>> import flambeau as torch
    >>> from flambeau.nn.utils import parametrize
    >>> class Exponential(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.exp()
    ...
    ...     def right_inverse(self, y):
    ...         return y.log()
    >>> layer = torch.nn.Linear(1, 1)
    >>> layer.weight.data.fill_(2.0)
    tensor([[2.]])
    >>> layer = parametrize.register_parametrization(layer, "weight", Exponential())
    >>> layer.parametrizations.weight.original
    Parameter containing:
    tensor([[0.6931]], requires_grad=True)
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        _append(module, tensor_name, parametrization, unsafe)
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        listed = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _add_property(type(module), tensor_name)
        module.parametrizations[tensor_name] = listed
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _append(module: Any, tensor_name: str, parametrization: Module, unsafe: bool) -> None:
    if not unsafe:
        current = getattr(module, tensor_name)
        changed = parametrization(current)
        if not isinstance(changed, Tensor):
            raise ValueError(
                f"A parametrization must return a tensor. Got {type(changed).__name__}."
            )
        _check_kept("Registering a parametrization", current, changed)
        back = _right_inverse(parametrization, changed)
        if not isinstance(back, Tensor):
            raise ValueError(
                f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}"
            )
        _check_kept("parametrization.right_inverse", changed, back)
    listed = module.parametrizations[tensor_name]
    listed.append(parametrization)
    listed.unsafe |= unsafe


def _give_own_class(module: Module) -> None:
    """Let the module have properties that others of its class have not."""
    cls = type(module)
    own = {"__module__": __name__, "__deepcopy__": _deepcopy, "__reduce_ex__": _refuse_pickling}
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), own)


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    replica = object.__new__(type(self))
    memo[id(self)] = replica
    replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return replica


def _refuse_pickling(self: Any, protocol: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _add_property(cls: type, tensor_name: str) -> None:
    def get(self: Any) -> Tensor:
        parametrization = self.parametrizations[tensor_name]
        if not _cache_depth:
            return parametrization()
        key = (id(self), tensor_name)
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def set(self: Any, value: Tensor) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    setattr(cls, tensor_name, property(get, set))


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, has a parametrization."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make the tensor an ordinary parameter or buffer again.

    Args:
        module: the module that has the tensor.
        tensor_name: the name of the tensor in it.
        leave_parametrized: keep its present value; otherwise it becomes what was learned.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    listed: Any = module.parametrizations[tensor_name]
    if not (leave_parametrized or listed.is_tensor):
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor "
            "that is parametrized in terms of a sequence of tensors."
        )
    tensor = _last_value(module, tensor_name, listed, leave_parametrized)
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def _last_value(module: Module, tensor_name: str, listed: Any, leave_parametrized: bool) -> Tensor:
    if not listed.is_tensor:
        value = getattr(module, tensor_name)
        return Parameter(value.detach()) if value.requires_grad else value
    original = listed.original
    if leave_parametrized:
        with no_grad():
            original.data = getattr(module, tensor_name).detach()
    return original


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give ``to_module`` the parametrizations of ``from_module`` and what they are applied to.

    Args:
        from_module: the module that has them.
        to_module: the module that gets them.
        tensor_name: the one tensor to transfer; all if left out.
    """
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        source: Any = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, copy.deepcopy(getattr(from_module, name).detach()))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization, unsafe=True)
        target: Any = to_module.parametrizations[name]
        for place, original in enumerate(source._originals()):
            key = "original" if source.is_tensor else f"original{place}"
            setattr(target, key, original)
    return to_module
