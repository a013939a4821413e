"""How a module takes part in the backward pass: hooks on the gradients of its inputs and outputs.

An identity function is put around the inputs and another around the outputs of one call. The
backward of the second is where gradients enter the module, the backward of the first where they
leave it: there the user's hooks are run.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flambeau.autograd import Function, is_grad_enabled
from flambeau.tensor import Tensor

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["BackwardHooks", "attach_to_last_operation"]

Gradients = tuple[Tensor | None, ...]

_NO_INPUT_REQUIRES_GRAD = (
    "Full backward hook is firing when gradients are computed with respect to module outputs "
    "since no inputs require gradients. See "
    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
    "#torch.nn.Module.register_full_backward_hook for more details."
)


class BackwardHookFunction(Function):
    """The identity, whose backward passes the gradients through a function given to it.

    ``fill`` says whether it is given zeros, not None, for what has no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, change: Callable[[Gradients], Gradients], fill: bool, *tensors: Tensor
    ) -> Any:
        ctx.change = change
        ctx.set_materialize_grads(fill)
        ctx.mark_non_differentiable(*(each for each in tensors if not each.requires_grad))
        return tuple(each.detach() for each in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        return None, None, *ctx.change(gradients)


class BackwardHooks:
    """The full backward hooks of one call of a module.

    Args:
        module: the module that is called.
        hooks: functions ``(module, grad_input, grad_output)``.
        pre_hooks: functions ``(module, grad_output)``.
    """

    def __init__(self, module: "Module", hooks: Sequence[Any], pre_hooks: Sequence[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.input_count = 0
        self.input_places: list[int] | None = None
        self.output_count = 0
        self.output_places: list[int] = []
        self.grad_output: Gradients | None = None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The same arguments, observed on their way back."""
        watched, places = _watch(self._at_inputs, args, fill=True)
        self.input_count = len(args)
        self.input_places = places
        return watched

    def watch_outputs(self, output: Any) -> Any:
        """The same output, observed on its way back. Only tensors and tuples of them can be."""
        if not isinstance(output, Tensor | tuple):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple "
                f"of Tensors but received {type(output)}",
                stacklevel=5,
            )
            return output
        outputs = output if isinstance(output, tuple) else (output,)
        watched, places = _watch(self._at_outputs, outputs, fill=False)
        self.output_count = len(outputs)
        self.output_places = places or []
        return watched if isinstance(output, tuple) else watched[0]

    def _at_outputs(self, gradients: Gradients) -> Gradients:
        grad_output = _spread(gradients, self.output_places, self.output_count)
        for hook in self.pre_hooks:
            answer = hook(self.module, grad_output)
            if answer is not None:
                grad_output = _checked(answer, self.output_count, "Backward pre hook", "output")
        self.grad_output = grad_output
        if self.input_places is None:
            self._run_without_inputs()
        return tuple(grad_output[place] for place in self.output_places)

    def _at_inputs(self, gradients: Gradients) -> Gradients:
        if self.grad_output is None or self.input_places is None:
            return gradients
        grad_input = _spread(gradients, self.input_places, self.input_count)
        for hook in self.hooks:
            answer = hook(self.module, grad_input, self.grad_output)
            if answer is not None:
                grad_input = _checked(answer, self.input_count, "Backward hook", "input")
        self.grad_output = None
        return tuple(grad_input[place] for place in self.input_places)

    def _run_without_inputs(self) -> None:
        """No input waits for a gradient, so the hooks run as soon as the outputs' are known."""
        if self.hooks:
            warnings.warn(_NO_INPUT_REQUIRES_GRAD, stacklevel=2)
        for hook in self.hooks:
            answer = hook(self.module, (None,) * self.input_count, self.grad_output)
            if answer is not None and any(gradient is not None for gradient in answer):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_output = None


def _watch(
    change: Callable[[Gradients], Gradients], values: tuple[Any, ...], fill: bool
) -> tuple[tuple[Any, ...], list[int] | None]:
    """Put the identity around the tensors among the values; also tell where these are."""
    places = [place for place, value in enumerate(values) if isinstance(value, Tensor)]
    tensors = [values[place] for place in places]
    if not (is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        return values, None
    watched = list(values)
    for place, tensor in zip(
        places, BackwardHookFunction.apply(change, fill, *tensors), strict=True
    ):
        watched[place] = tensor
    # A named tuple stays one, so that its fields can be used.
    rebuild = getattr(type(values), "_make", tuple)
    return rebuild(watched), places


def _spread(gradients: Gradients, places: Sequence[int], count: int) -> Gradients:
    spread: list[Tensor | None] = [None] * count
    for place, gradient in zip(places, gradients, strict=True):
        spread[place] = gradient
    return tuple(spread)


def _checked(answer: Any, count: int, hook: str, side: str) -> Gradients:
    gradients = answer if isinstance(answer, tuple) else (answer,)
    if len(gradients) != count:
        raise RuntimeError(
            f"{hook} returned an invalid number of grad_{side}, "
            f"got {len(gradients)}, but expected {count}"
        )
    return gradients


def attach_to_last_operation(
    module: "Module", hooks: Sequence[Any], args: tuple[Any, ...], output: Any
) -> None:
    """Put backward hooks of the older kind on the operation that computed the output."""
    tensor = output
    while not isinstance(tensor, Tensor):
        if isinstance(tensor, dict):
            tensor = next(value for value in tensor.values() if isinstance(value, Tensor))
        else:
            tensor = tensor[0]
    operation = tensor.grad_fn
    if operation is None:
        return
    for hook in hooks:
        operation.register_hook(partial(hook, module))
    missing = _what_the_older_kind_misses(args, output, operation)
    if missing:
        warnings.warn(missing, FutureWarning, stacklevel=5)


def _what_the_older_kind_misses(args: tuple[Any, ...], output: Any, operation: Any) -> str | None:
    outputs = output if isinstance(output, tuple) else (output,)
    if not all(isinstance(value, Tensor) for value in outputs):
        return (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a "
            "tuple of Tensors is deprecated and will be removed in future versions. This hook "
            "will be missing some of the grad_output. Please use register_full_backward_hook to "
            "get the documented behavior."
        )
    if not all(isinstance(value, Tensor) for value in args):
        return (
            "Using non-full backward hooks on a Module that does not take as input a single "
            "Tensor or a tuple of Tensors is deprecated and will be removed in future versions. "
            "This hook will be missing some of the grad_input. Please use "
            "register_full_backward_hook to get the documented behavior."
        )
    if len({value.grad_fn for value in outputs if value.grad_fn is not None}) > 1:
        return (
            "Using a non-full backward hook when outputs are generated by different autograd "
            "Nodes is deprecated and will be removed in future versions. This hook will be "
            "missing some grad_output. Please use register_full_backward_hook to get the "
            "documented behavior."
        )
    computed_inputs = {value.grad_fn for value in args if value.grad_fn is not None}
    if computed_inputs != {function for function, _ in operation.next_functions}:
        return (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes is "
            "deprecated and will be removed in future versions. This hook will be missing some "
            "grad_input. Please use register_full_backward_hook to get the documented behavior."
        )
    return None
