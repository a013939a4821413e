"""Layers that learn the shapes of their parameters from the first input."""

from collections.abc import Mapping
from typing import Any

from flambeau.autograd import no_grad
from flambeau.nn.modules._attributes import ModuleAttributes
from flambeau.nn.modules._hooks import ModuleHooks
from flambeau.nn.modules._state_dict import StateDict
from flambeau.nn.parameter import is_lazy
from flambeau.utils.hooks import RemovableHandle

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin(ModuleAttributes):
    """Makes a layer wait for its first input before it creates its parameters.

    A lazy layer derives from this class and from the layer it will become. Its ``__init__`` sets
    :class:`~flambeau.nn.UninitializedParameter` attributes, and ``initialize_parameters``, which
    gets the arguments of the first call, materializes them. Then the layer turns into
    ``cls_to_become``. Loading a state dict gives the parameters their shapes as well.

    Make an optimizer, and initialise the weights, only after the first call: until then there is
    nothing to initialise.

    Attributes:
        cls_to_become: the class after the first call; None keeps the lazy one.
    """

    cls_to_become: type | None = None

    _load_hook: RemovableHandle
    _initialize_hook: RemovableHandle

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = StateDict._register_load_state_dict_pre_hook(
            self,  # type: ignore[arg-type]
            self._lazy_load_hook,
        )
        self._initialize_hook = ModuleHooks.register_forward_pre_hook(
            self,  # type: ignore[arg-type]
            self._infer_parameters,
            with_kwargs=True,
        )

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters, given what ``forward`` was called with."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module still waits for its shape."""
        return any(is_lazy(tensor) for tensor in self._own_tensors().values())

    def _own_tensors(self) -> dict[str, Any]:
        return {**self._parameters, **self._buffers}

    def _lazy_load_hook(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Give the parameters the shapes of the saved ones before these are copied."""
        for name, tensor in self._own_tensors().items():
            saved = state_dict.get(prefix + name)
            if saved is not None and is_lazy(tensor) and not is_lazy(saved):
                with no_grad():
                    tensor.materialize(saved.shape)

    def _infer_parameters(
        self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook
        del module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
