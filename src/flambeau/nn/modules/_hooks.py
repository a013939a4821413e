"""Hooks: functions of the user's that run around forward(), backward and registration.

The registering methods of a module, and their counterparts for all modules at once.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flambeau.nn.modules._attributes import Flags, Hooks, ModuleAttributes
from flambeau.utils.hooks import RemovableHandle

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = [
    "ModuleHooks",
    "everywhere",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
    "registered",
]

_MIXED_KINDS = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. "
    "Please use only one of them."
)
_MIXED_KINDS_EVERYWHERE = (
    "Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
    "Please use only one of them."
)


class Everywhere:
    """The hooks that apply to every module of the process."""

    def __init__(self) -> None:
        self.backward_pre_hooks: Hooks = OrderedDict()
        self.backward_hooks: Hooks = OrderedDict()
        self.is_full_backward_hook: bool | None = None
        self.forward_pre_hooks: Hooks = OrderedDict()
        self.forward_hooks: Hooks = OrderedDict()
        self.forward_hooks_with_kwargs: Flags = OrderedDict()
        self.forward_hooks_always_called: Flags = OrderedDict()
        self.buffer_registration_hooks: Hooks = OrderedDict()
        self.module_registration_hooks: Hooks = OrderedDict()
        self.parameter_registration_hooks: Hooks = OrderedDict()


everywhere = Everywhere()


class ModuleHooks(ModuleAttributes):
    """The methods that register a hook with one module."""

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Run ``hook(module, args)`` before every ``forward``.

        What it returns, unless None, replaces the positional arguments. With ``with_kwargs`` it
        is ``hook(module, args, kwargs)`` and returns None or a pair of both.

        Args:
            hook: the function.
            prepend: run it before the hooks that are there already.
            with_kwargs: pass the keyword arguments too.
        """
        options = self._forward_pre_hooks_with_kwargs
        handle = RemovableHandle(self._forward_pre_hooks, extra_dict=options)
        _insert(self._forward_pre_hooks, handle, hook, prepend)
        if with_kwargs:
            options[handle.id] = True
        return handle

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Run ``hook(module, args, output)`` after every ``forward``.

        What it returns, unless None, replaces the output.

        Args:
            hook: the function.
            prepend: run it before the hooks that are there already.
            with_kwargs: call it as ``hook(module, args, kwargs, output)``.
            always_call: run it even when ``forward`` raises; what it raises itself then becomes
                a warning.
        """
        options = [self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        handle = RemovableHandle(self._forward_hooks, extra_dict=options)
        _insert(self._forward_hooks, handle, hook, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Run ``hook(module, grad_output)`` before gradients flow back through the module.

        What it returns, unless None, replaces the gradients of the outputs.
        """
        handle = RemovableHandle(self._backward_pre_hooks)
        _insert(self._backward_pre_hooks, handle, hook, prepend)
        return handle

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Run ``hook(module, grad_input, grad_output)`` once the inputs' gradients are known.

        ``grad_input`` has one entry for each positional argument, None for those that are no
        tensors. What the hook returns, unless None, replaces it. Neither the arguments nor the
        output of a module with such a hook may be changed in place.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(_MIXED_KINDS)
        self._is_full_backward_hook = True
        handle = RemovableHandle(self._backward_hooks)
        _insert(self._backward_hooks, handle, hook, prepend)
        return handle

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Run ``hook(module, grad_input, grad_output)`` of the last operation in ``forward``.

        The older form: its gradients are those of the single operation that computed the output,
        not those of the module. Prefer :meth:`register_full_backward_hook`.
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED_KINDS)
        self._is_full_backward_hook = False
        handle = RemovableHandle(self._backward_hooks)
        self._backward_hooks[handle.id] = hook
        return handle

    def _get_backward_hooks(self) -> tuple[list[Any], list[Any]]:
        """The backward hooks that apply to this module, those of the full and the older kind."""
        full: list[Any] = []
        older: list[Any] = []
        for is_full, hooks in (
            (everywhere.is_full_backward_hook, everywhere.backward_hooks),
            (self._is_full_backward_hook, self._backward_hooks),
        ):
            (full if is_full else older).extend(hooks.values())
        return full, older

    def _get_backward_pre_hooks(self) -> list[Any]:
        return [*everywhere.backward_pre_hooks.values(), *self._backward_pre_hooks.values()]


def _insert(hooks: Hooks, handle: RemovableHandle, hook: Any, first: bool = False) -> None:
    hooks[handle.id] = hook
    if first:
        hooks.move_to_end(handle.id, last=False)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, args)`` before the ``forward`` of every module; for debugging."""
    return _register_everywhere(everywhere.forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Run ``hook(module, args, output)`` after the ``forward`` of every module."""
    options = [everywhere.forward_hooks_with_kwargs, everywhere.forward_hooks_always_called]
    handle = RemovableHandle(everywhere.forward_hooks, extra_dict=options)
    everywhere.forward_hooks[handle.id] = hook
    if with_kwargs:
        everywhere.forward_hooks_with_kwargs[handle.id] = True
    if always_call:
        everywhere.forward_hooks_always_called[handle.id] = True
    return handle


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, grad_output)`` before gradients flow back through any module."""
    return _register_everywhere(everywhere.backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, grad_input, grad_output)`` in the backward of every module."""
    if everywhere.is_full_backward_hook is False:
        raise RuntimeError(_MIXED_KINDS_EVERYWHERE)
    everywhere.is_full_backward_hook = True
    return _register_everywhere(everywhere.backward_hooks, hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook`` in the backward of the last operation of every module: the older form."""
    if everywhere.is_full_backward_hook is True:
        raise RuntimeError(_MIXED_KINDS_EVERYWHERE)
    everywhere.is_full_backward_hook = False
    return _register_everywhere(everywhere.backward_hooks, hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, name, buffer)`` on registering a buffer; its answer replaces it."""
    return _register_everywhere(everywhere.buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, name, submodule)`` on registering a submodule."""
    return _register_everywhere(everywhere.module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Run ``hook(module, name, parameter)`` on registering a parameter."""
    return _register_everywhere(everywhere.parameter_registration_hooks, hook)


def _register_everywhere(hooks: Hooks, hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def registered(hooks: Hooks, module: "Module", name: str, value: Any) -> Any:
    """What is to be registered under the name, after the hooks on registration had their say."""
    for hook in hooks.values():
        answer = hook(module, name, value)
        if answer is not None:
            value = answer
    return value
