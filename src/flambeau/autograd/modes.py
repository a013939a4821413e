"""Whether operations are recorded for differentiation: a thread-local switch and its guards."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from flambeau.tensor import inference

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "mode",
    "no_grad",
    "set_grad_enabled",
]


class _Mode(threading.local):
    """The switches of one thread; a new thread starts with these."""

    grad = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require gradients are recorded for backward."""
    return mode.grad


def is_inference_mode_enabled() -> bool:
    """Whether ``inference_mode`` is on."""
    return inference.on


class _Guard:
    """Set the gradient switch for the body of a ``with`` or of a decorated function."""

    value = True

    def __new__(cls, function: Any = None, *args: Any) -> Any:
        """A guard; or, used bare as a decorator, the wrapped function."""
        self = super().__new__(cls)
        if callable(function):
            self.__init__()  # type: ignore[misc]
            return self(function)
        return self

    def __enter__(self) -> None:
        self.outer = mode.grad
        mode.grad = self.value

    def __exit__(self, *exception: object) -> None:
        mode.grad = self.outer

    def clone(self) -> _Guard:
        """A new guard of the same setting, for each call of a decorated function."""
        return type(self)()

    def __call__(self, function: Callable) -> Callable:
        """``function`` with its whole body under this guard (a generator's steps too)."""
        if inspect.isclass(function):
            setattr(function, "__init__", self(function.__init__))  # noqa: B010  typed so
            return function
        if inspect.isgeneratorfunction(function):
            return _guarded_generator(self, function)

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return guarded


def _guarded_generator(guard: _Guard, function: Callable) -> Callable:
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step = functools.partial(generator.send, None)
        while True:
            try:
                with guard.clone():
                    item = step()
            except StopIteration as stop:
                return stop.value
            try:
                step = functools.partial(generator.send, (yield item))
            except GeneratorExit:
                with guard.clone():
                    generator.close()
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)

    return guarded


class no_grad(_Guard):
    """Record nothing for backward, in a ``with`` or as a decorator.

    >>> import flambeau as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    value = False


class enable_grad(_Guard):
    """Record for backward, also inside ``no_grad``."""

    value = True


class set_grad_enabled(_Guard):
    """Turn recording on or off: at once as a call, for the body as a ``with`` or decorator."""

    def __new__(cls, mode: bool) -> set_grad_enabled:
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        switches = globals()["mode"]
        self.value = self.mode = bool(mode)
        self.outer = switches.grad
        switches.grad = self.value

    def __enter__(self) -> None:
        mode.grad = self.value

    def __call__(self, function: Callable) -> Callable:
        mode.grad = self.outer
        return super().__call__(function)

    def clone(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)


class inference_mode(_Guard):
    """``no_grad`` whose results can never take part in a recorded computation."""

    def __new__(cls, mode: Any = True) -> Any:
        self = object.__new__(cls)
        if callable(mode):
            self.__init__()  # type: ignore[misc]
            return self(mode)
        return self

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self.outer_mode = (mode.grad, inference.on)
        inference.enter(self.mode)
        mode.grad = not self.mode

    def __exit__(self, *exception: object) -> None:
        mode.grad, outer = self.outer_mode
        inference.leave(outer)

    def clone(self) -> inference_mode:
        return inference_mode(self.mode)
