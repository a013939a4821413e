"""Module: what every layer and every model is made from."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from flambeau.nn.modules._attributes import initial_state, typename
from flambeau.nn.modules._convert import Conversion
from flambeau.nn.modules._hidden import warn_of_hidden_modules
from flambeau.nn.modules._hooked_call import HookedCall
from flambeau.nn.modules._hooks import (
    ModuleHooks,
    everywhere,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
    registered,
)
from flambeau.nn.modules._notes import explain
from flambeau.nn.modules._repr import render
from flambeau.nn.modules._state_dict import StateDict
from flambeau.nn.parameter import Buffer, Parameter
from flambeau.runtime import enter_scope, exit_scope, scope_of
from flambeau.tensor import Tensor

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


def _forward_unimplemented(self: "Module", *input: Any) -> None:
    """Compute the output. Every module that is called defines this method.

    Call the module itself, not ``forward``: only then do its hooks run.
    """
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(ModuleHooks, StateDict, Conversion):
    """Base class of all layers and models.

    A module has parameters, buffers and other modules for attributes, and a ``forward``. What is
    assigned to ``self`` is registered by what it is: a :class:`~flambeau.nn.Parameter` is learned,
    a :class:`Module` is a part, and together they are what ``parameters()``, ``state_dict()``,
    ``to()`` and ``train()`` speak of. Assign after ``super().__init__()``. Modules in a plain
    list or dict are not seen: use :class:`~flambeau.nn.ModuleList` or
    :class:`~flambeau.nn.ModuleDict`.

    Attributes:
        training: whether the module is in training mode; see :meth:`train`.

    >>> import flambeau as torch
    >>> from flambeau import nn
    >>> class Model(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(4, 8)
    ...         self.out = nn.Linear(8, 1)
    ...
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x))
    >>> model = Model()
    >>> model(torch.ones(3, 4)).shape == (3, 1)
    True
    >>> [name for name, _ in model.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    dump_patches: bool = False

    # Whether Module.__init__ goes on to the next class of a multiple inheritance.
    call_super_init: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            _refuse_arguments(self, args, kwargs)
        self.__dict__.update(initial_state())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    forward: Callable[..., Any] = _forward_unimplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute ``forward`` of the arguments, and run the hooks that apply."""
        # What is recorded from here on is recorded in this module.
        outer = enter_scope(self)
        try:
            if (
                self._backward_hooks
                or self._backward_pre_hooks
                or self._forward_hooks
                or self._forward_pre_hooks
                or everywhere.backward_hooks
                or everywhere.backward_pre_hooks
                or everywhere.forward_hooks
                or everywhere.forward_pre_hooks
            ):
                return HookedCall(self, args, kwargs).run()
            return self.forward(*args, **kwargs)
        except Exception as error:
            explain(error, scope_of(self, outer), args, kwargs)
            raise
        finally:
            exit_scope(outer)

    # Registration

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Give the module a parameter under this name; None stands for an absent one.

        Raises:
            KeyError: if the name is taken, empty or contains a dot.
            TypeError: if ``param`` is no Parameter.
        """
        self._check_name("parameter", name, self._table("_parameters", "parameter"))
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, "
                "compute the value in the forward() method."
            )
        if param is not None:
            param = registered(everywhere.parameter_registration_hooks, self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Give the module a tensor that belongs to its state but is not learned.

        Args:
            name: the attribute under which it can be used.
            tensor: its value; None stands for an absent buffer, which is not saved.
            persistent: whether it is part of :meth:`state_dict`.
        """
        self._check_name("buffer", name, self._table("_buffers", "buffer"))
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = registered(everywhere.buffer_registration_hooks, self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Give the module a part under this name, as assigning it to an attribute does."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = registered(everywhere.module_registration_hooks, self, name, module)

    def register_module(self, name: str, module: "Module | None") -> None:
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

    def _table(self, attribute: str, kind: str) -> dict[str, Any]:
        table = self.__dict__.get(attribute)
        if table is None:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        return table

    def _check_name(self, kind: str, name: Any, table: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    # Attributes

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        if "_modules" in state:
            for table in (state["_parameters"], state["_modules"], state["_buffers"]):
                if name in table:
                    return table[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        if isinstance(value, Parameter):
            self._table("_parameters", "parameters")
            self._forget(name)
            self.register_parameter(name, value)
        elif name in state.get("_parameters", ()):
            self._check_kind(value, "parameter", name, "torch.nn.Parameter")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._table("_modules", "module")
            self._forget(name)
            hooks = everywhere.module_registration_hooks
            self._modules[name] = registered(hooks, self, name, value)
        elif name in state.get("_modules", ()):
            self._check_kind(value, "child module", name, "torch.nn.Module")
            hooks = everywhere.module_registration_hooks
            self._modules[name] = registered(hooks, self, name, value)
        elif isinstance(value, Buffer):
            self._table("_buffers", "buffer")
            self._forget(name)
            self.register_buffer(name, value, value.persistent)
        elif name in state.get("_buffers", ()):
            if not isinstance(value, Tensor):
                self._check_kind(value, "buffer", name, "torch.nn.Buffer, torch.Tensor")
            hooks = everywhere.buffer_registration_hooks
            self._buffers[name] = registered(hooks, self, name, value)
        else:
            super().__setattr__(name, value)

    def _check_kind(self, value: Any, kind: str, name: str, expected: str) -> None:
        if value is not None:
            raise TypeError(
                f"cannot assign '{typename(value)}' as {kind} '{name}' "
                f"({expected} or None expected)"
            )

    def _forget(self, name: str) -> None:
        """Remove the attribute wherever it is, so that another kind can take its name."""
        for table in (self.__dict__, self._parameters, self._buffers, self._modules):
            table.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._modules, self._buffers)
        # A name such as "0", which Sequential uses, is no attribute one could write.
        return sorted(name for name in names if isinstance(name, str) and not name[0].isdigit())

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A module pickled by an older version may lack some of the attributes.
        self.__dict__.update({**initial_state(), **state})

    # The tree of modules

    def modules(self, remove_duplicate: bool = True) -> "Iterator[Module]":
        """This module and all its descendants, each once."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self,
        memo: "set[Module] | None" = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> "Iterator[tuple[str, Module]]":
        """This module and all its descendants with their dotted names, its own being empty.

        Args:
            memo: modules not to be listed.
            prefix: what to put before every name.
            remove_duplicate: list a module that is used twice only once.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, path, remove_duplicate)

    def children(self) -> "Iterator[Module]":
        """The immediate parts of this module, each once."""
        for _, child in self.named_children():
            yield child

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """The immediate parts of this module with their names, each part once."""
        seen: set[Module] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and, with ``recurse``, of all its descendants.

        This is what an optimizer is given.
        """
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names.

        Args:
            prefix: what to put before every name.
            recurse: whether to include those of the descendants.
            remove_duplicate: list a parameter that is used twice only once.
        """
        if recurse:
            warn_of_hidden_modules(self)
        yield from self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, with ``recurse``, of all its descendants."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names; the arguments are those of named_parameters."""
        yield from self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def _named_members(
        self,
        get_members_fn: Callable[["Module"], Iterable[tuple[str, Any]]],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        if recurse:
            owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        else:
            owners = iter([(prefix, self)])
        seen = set()
        for path, module in owners:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def get_submodule(self, target: str) -> "Module":
        """The module of this dotted name; the empty name is that of the module itself."""
        module = self
        for name in target.split(".") if target else ():
            module = _attribute(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: "Module", strict: bool = False) -> None:
        """Put ``module`` in the place of the one that has this dotted name.

        Args:
            target: the name.
            module: what is to have it.
            strict: raise if nothing has the name so far.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or hasattr(parent, name):
            current = _attribute(parent, name)
            if not isinstance(current, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of this dotted name."""
        path, _, name = target.rpartition(".")
        parameter = _attribute(self.get_submodule(path), name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of this dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        buffer = _attribute(module, name)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    def apply(self, fn: Callable[["Module"], None]) -> Self:
        """Call ``fn`` with every descendant and then with the module itself.

        >>> import flambeau as torch
        >>> def ones(module):
        ...     if isinstance(module, torch.nn.Linear):
        ...         torch.nn.init.ones_(module.weight)
        >>> torch.nn.Sequential(torch.nn.Linear(1, 2)).apply(ones)[0].weight.tolist()
        [[1.0], [1.0]]
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # Modes

    def train(self, mode: bool = True) -> Self:
        """Set training mode for the module and its descendants.

        Layers such as Dropout and BatchNorm compute something else in training than in
        evaluation.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether gradients are computed for the parameters; False freezes the module."""
        if not isinstance(requires_grad, bool):
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, "
                f"not {type(requires_grad).__name__}"
            )
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Args:
            set_to_none: set them to None, not to zeros.
        """
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach().zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: what a module computes is compiled as it is."""

    # The printed form

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What the printed form says of this module besides its parts."""
        return ""

    def __repr__(self) -> str:
        return render(self)


def _refuse_arguments(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    name = type(module).__name__
    if kwargs:
        raise TypeError(
            f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
        )
    if args:
        given = len(args) + 1
        raise TypeError(f"{name}.__init__() takes 1 positional argument but {given} were given")


def _attribute(module: Module, name: str) -> Any:
    if not hasattr(module, name):
        raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
    return getattr(module, name)
