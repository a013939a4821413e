"""The slow way to call a module, taken only when there is a hook to run."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from flambeau.nn.modules._backward_hooks import BackwardHooks, attach_to_last_operation
from flambeau.nn.modules._hooks import everywhere

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["HookedCall"]


class _ForwardHook(NamedTuple):
    id: int
    function: Any
    with_kwargs: bool
    always_call: bool
    owner: str


class HookedCall:
    """One call of a module, with all the hooks that apply to it.

    Args:
        module: the module.
        args: positional arguments for its ``forward``.
        kwargs: keyword arguments for its ``forward``.
    """

    def __init__(self, module: "Module", args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs
        self.output: Any = None
        self.finished: set[int] = set()

    def run(self) -> Any:
        """The output of the module as its hooks leave it."""
        try:
            self._run_forward_pre_hooks()
            self._run_forward_and_watch_backward()
        except Exception:
            self._run_hooks_that_are_always_called()
            raise
        return self.output

    def _run_forward_pre_hooks(self) -> None:
        for hook in list(everywhere.forward_pre_hooks.values()):
            self._replace_args(hook(self.module, self.args))
        with_kwargs = self.module._forward_pre_hooks_with_kwargs
        for identity, hook in list(self.module._forward_pre_hooks.items()):
            if identity in with_kwargs:
                self._replace_args_and_kwargs(hook(self.module, self.args, self.kwargs))
            else:
                self._replace_args(hook(self.module, self.args))

    def _replace_args(self, answer: Any) -> None:
        if answer is not None:
            self.args = answer if isinstance(answer, tuple) else (answer,)

    def _replace_args_and_kwargs(self, answer: Any) -> None:
        if answer is None:
            return
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise RuntimeError(
                "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                f"but got {answer}."
            )
        self.args, self.kwargs = answer

    def _run_forward_and_watch_backward(self) -> None:
        full_hooks, older_hooks = self.module._get_backward_hooks()
        pre_hooks = self.module._get_backward_pre_hooks()
        watch = None
        if full_hooks or pre_hooks:
            watch = BackwardHooks(self.module, full_hooks, pre_hooks)
            self.args = watch.watch_inputs(self.args)
        self.output = self.module.forward(*self.args, **self.kwargs)
        self._run_forward_hooks()
        if watch is not None:
            self.output = watch.watch_outputs(self.output)
        if older_hooks:
            attach_to_last_operation(self.module, older_hooks, self.args, self.output)

    def _run_forward_hooks(self) -> None:
        for hook in self._forward_hooks():
            self.finished.add(hook.id)
            self._run_forward_hook(hook)

    def _run_forward_hook(self, hook: _ForwardHook) -> None:
        if hook.with_kwargs:
            answer = hook.function(self.module, self.args, self.kwargs, self.output)
        else:
            answer = hook.function(self.module, self.args, self.output)
        if answer is not None:
            self.output = answer

    def _run_hooks_that_are_always_called(self) -> None:
        for hook in self._forward_hooks():
            if not hook.always_call or hook.id in self.finished:
                continue
            try:
                self._run_forward_hook(hook)
            except Exception as error:
                warnings.warn(
                    f"{hook.owner} forward hook with ``always_call=True`` raised an exception "
                    f"that was silenced as another error was raised in forward: {error}",
                    stacklevel=4,
                )

    def _forward_hooks(self) -> Iterator[_ForwardHook]:
        for identity, function in list(everywhere.forward_hooks.items()):
            with_kwargs = identity in everywhere.forward_hooks_with_kwargs
            always_call = identity in everywhere.forward_hooks_always_called
            yield _ForwardHook(identity, function, with_kwargs, always_call, "global module")
        for identity, function in list(self.module._forward_hooks.items()):
            with_kwargs = identity in self.module._forward_hooks_with_kwargs
            always_call = identity in self.module._forward_hooks_always_called
            yield _ForwardHook(identity, function, with_kwargs, always_call, "module")
