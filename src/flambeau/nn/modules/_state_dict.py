"""What a module saves and loads: ``state_dict`` and ``load_state_dict``."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from flambeau.autograd import no_grad
from flambeau.nn.modules._attributes import ModuleAttributes
from flambeau.nn.parameter import Parameter, is_lazy
from flambeau.tensor import Tensor
from flambeau.utils.hooks import RemovableHandle

__all__ = ["IncompatibleKeys", "StateDict"]

_EXTRA_STATE = "_extra_state"
_SAME_HOOK_TWICE = (
    "Cannot register the same function as the state dict post hook that was "
    "previously registered via register_state_dict_post_hook"
)
_NEVER_CALLED = (
    "Reached a code path in Module.{}() that should never be called: "
    "override both get_extra_state() and set_extra_state() to save more than tensors."
)


class IncompatibleKeys(NamedTuple):
    """What did not match in ``load_state_dict``.

    Attributes:
        missing_keys: keys the module has and the state dict lacks.
        unexpected_keys: keys of the state dict the module knows nothing of.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]


class _IncompatibleKeys(IncompatibleKeys):
    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class StateDict(ModuleAttributes):
    """The methods of a module that save and load its parameters and persistent buffers."""

    # The version of what the class saves; a class that changes its keys counts it up and looks
    # at local_metadata["version"] in _load_from_state_dict.
    _version: int = 1

    def state_dict(
        self,
        *args: Any,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> Any:
        """All parameters and persistent buffers, by their dotted names.

        The tensors share memory with the module's: a change of one is seen by the other.

        Args:
            destination: a dictionary to put them into instead of a new one.
            prefix: what to put before every key.
            keep_vars: give the parameters themselves, not detached tensors.

        >>> import flambeau as torch
        >>> list(torch.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            positional = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = positional.get("destination") if destination is None else destination
            prefix = prefix or positional.get("prefix", "")
            keep_vars = keep_vars or positional.get("keep_vars", False)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            answer = hook(self, destination, prefix, local_metadata)
            if answer is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = answer
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put this module's own tensors, not those of its children, into ``destination``."""
        for name, tensor in self._own_state().items():
            destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if self._has_own("get_extra_state"):
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy parameters and buffers from ``state_dict`` into this module and its descendants.

        Args:
            state_dict: tensors by dotted names, as :meth:`state_dict` gives them.
            strict: the keys have to match exactly.
            assign: take the tensors themselves, with their type and device, instead of copying
                their values into those that are there.

        Returns:
            the missing and the unexpected keys.

        Raises:
            RuntimeError: naming every key that is missing (``strict``), unexpected (``strict``)
                or of another shape. What did match has been loaded.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        report = _Report()
        metadata = getattr(state_dict, "_metadata", None)
        state = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata  # type: ignore[attr-defined]
        _load(self, state, "", metadata, assign, report)
        messages = report.messages(strict)
        if messages:
            listing = "\n\t".join(messages)
            name = type(self).__name__
            raise RuntimeError(f"Error(s) in loading state_dict for {name}:\n\t{listing}")
        return _IncompatibleKeys(report.missing, report.unexpected)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own tensors, not those of its children.

        A class whose keys changed between versions overrides it. ``local_metadata`` holds the
        version that was saved; the three lists collect what is wrong.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        own = self._own_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                complaint = _load_tensor(self, name, tensor, key, state_dict[key], assign)
                if complaint:
                    error_msgs.append(complaint)
            elif strict:
                missing_keys.append(key)
        key = prefix + _EXTRA_STATE
        if self._has_own("set_extra_state"):
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)
        if strict:
            unexpected_keys.extend(_unknown(state_dict, prefix, own, self._modules))

    def get_extra_state(self) -> Any:
        """What to save besides tensors; override it together with :meth:`set_extra_state`."""
        raise RuntimeError(_NEVER_CALLED.format("get_extra_state"))

    def set_extra_state(self, state: Any) -> None:
        """Take back what :meth:`get_extra_state` gave."""
        raise RuntimeError(_NEVER_CALLED.format("set_extra_state"))

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Run ``hook(module, prefix, keep_vars)`` before :meth:`state_dict` collects."""
        return _register(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Run ``hook(module, state_dict, prefix, local_metadata)`` after :meth:`state_dict`.

        It may change the dictionary in place.
        """
        hook._from_public_api = True  # type: ignore[attr-defined]
        return _register(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As :meth:`register_state_dict_post_hook`; the hook may return another dictionary."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(_SAME_HOOK_TWICE)
        return _register(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Run ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)`` before this module loads its tensors."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        hooks = self._load_state_dict_pre_hooks
        return _register(hooks, partial(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Run ``hook(module, incompatible_keys)`` after this module and its children loaded.

        It may change the lists in ``incompatible_keys`` in place; clearing both prevents the
        error of a strict load.
        """
        return _register(self._load_state_dict_post_hooks, hook)

    def _own_state(self) -> dict[str, Tensor]:
        """The tensors saved by this module itself, by their names in it."""
        passing = self._non_persistent_buffers_set
        buffers = {name: value for name, value in self._buffers.items() if name not in passing}
        own = {**self._parameters, **buffers}
        return {name: tensor for name, tensor in own.items() if tensor is not None}

    def _has_own(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(StateDict, method)


class _Report:
    """What a load found wrong, over all modules."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.errors: list[str] = []

    def messages(self, strict: bool) -> list[str]:
        listed = []
        if strict and self.missing:
            listed.append(f"Missing key(s) in state_dict: {_quoted(self.missing)}. ")
        if strict and self.unexpected:
            listed.append(f"Unexpected key(s) in state_dict: {_quoted(self.unexpected)}. ")
        return listed + self.errors


def _quoted(keys: Iterable[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _load(
    module: Any,
    state: Mapping[str, Any],
    prefix: str,
    metadata: Mapping[str, Any] | None,
    assign: bool,
    report: _Report,
) -> None:
    """Load a module and its descendants; ``state`` holds the keys that begin with ``prefix``."""
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata = {**local_metadata, "assign_to_params_buffers": True}
    # Strictness is decided at the end, so that the keys are reported to the caller either way.
    module._load_from_state_dict(
        state, prefix, local_metadata, True, report.missing, report.unexpected, report.errors
    )
    for name, child in module._modules.items():
        if child is not None:
            child_prefix = f"{prefix}{name}."
            child_state = {
                key: value for key, value in state.items() if key.startswith(child_prefix)
            }
            _load(child, child_state, child_prefix, metadata, assign, report)
    for hook in list(module._load_state_dict_post_hooks.values()):
        answer = hook(module, _IncompatibleKeys(report.missing, report.unexpected))
        if answer is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected "
                "to return new values, if incompatible_keys need to be modified, it should be "
                "done inplace."
            )


def _load_tensor(
    module: Any, name: str, current: Tensor, key: str, saved: Any, assign: bool
) -> str | None:
    """Load one parameter or buffer. Returns what is wrong with it, if anything is."""
    if not isinstance(saved, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
            f"object from checkpoint but received {type(saved)}"
        )
    if is_lazy(current) and is_lazy(saved):
        return None
    if not is_lazy(current):
        # Scalars were once saved as vectors of one element.
        if current.dim() == 0 and saved.dim() == 1:
            saved = saved[0]
        if saved.shape != current.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {saved.shape} from "
                f"checkpoint, the shape in current model is {current.shape}."
            )
    try:
        with no_grad():
            if assign:
                setattr(module, name, _in_place_of(current, saved))
            else:
                current.copy_(saved)
    except Exception as error:
        return (
            f'While copying the parameter named "{key}", whose dimensions in the model are '
            f"{current.size()} and whose dimensions in the checkpoint are {saved.size()}, "
            f"an exception occurred : {error.args}."
        )
    return None


def _in_place_of(current: Tensor, saved: Tensor) -> Tensor:
    if not isinstance(current, Parameter):
        return saved
    if isinstance(saved, Parameter):
        return saved.requires_grad_(current.requires_grad)
    return Parameter(saved, requires_grad=current.requires_grad)


def _unknown(
    state: Iterable[str], prefix: str, own: Mapping[str, Any], children: Mapping[str, Any]
) -> Iterator[str]:
    """The keys under ``prefix`` that name neither a tensor of the module nor one of a child."""
    for key in state:
        if not key.startswith(prefix) or key == prefix + _EXTRA_STATE:
            continue
        name, dot, _ = key[len(prefix) :].partition(".")
        if name not in (children if dot else own):
            yield key


def _register(hooks: Any, hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle
