"""What a model is made of: its modules, their outputs, parameters and floating-point operations.

The model's forward is recorded, as any program is, but what it records is never computed: shapes
are known when an operation is recorded, so a model far too large to run can be summarised.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from flambeau import ops, runtime
from flambeau.autograd import no_grad
from flambeau.tensor import Tensor
from flambeau.utils._flops import Counter

if TYPE_CHECKING:
    from flambeau.nn import Module

__all__ = ["Row", "Summary", "summary"]


class Row(NamedTuple):
    """One module of a summary."""

    #: The name in ``named_modules()``; empty for the model itself.
    path: str
    kind: str
    #: The shape of the last output, or the shapes of several; None if it was not called.
    output: Any
    #: The number of elements of its parameters, those of its parts included.
    parameters: int
    #: Floating-point operations of all its calls, those of its parts included.
    flops: int


class Summary(NamedTuple):
    """A table of modules. Its text is the table, with totals below."""

    rows: list[Row]
    parameters: int
    trainable: int
    flops: int

    def __repr__(self) -> str:
        header = ("module", "class", "output", "parameters", "FLOPs")
        lines = [header, *map(_cells, self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        table = [_line(line, widths) for line in lines]
        rule = "-" * max(map(len, table))
        frozen = self.parameters - self.trainable
        below = [
            f"parameters: {self.parameters:,} ({self.trainable:,} trainable, {frozen:,} frozen)",
            f"FLOPs: {self.flops:,}",
        ]
        return "\n".join([table[0], rule, *table[1:], rule, *below])


def _cells(row: Row) -> tuple[str, ...]:
    output = "-" if row.output is None else _text(row.output)
    return (row.path or "(model)", row.kind, output, f"{row.parameters:,}", f"{row.flops:,}")


def _text(output: Any) -> str:
    if isinstance(output, list):
        return f"[{', '.join(map(_text, output))}]"
    return "×".join(map(str, output)) or "()" if isinstance(output, tuple) else str(output)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join([*words, *numbers])


def summary(model: Module, *inputs: Any) -> Summary:
    """The modules of a model, with output shapes, parameters and FLOPs; computes nothing.

    Each input is a tensor, or a shape, which stands for float32 zeros; anything else is passed
    on as it is. The model is called once, in evaluation mode, and left in the modes it had.

    Assumptions:
        One multiply-add is two FLOPs. Matrix products (linear layers, attention, recurrent
        layers, ``einsum``) and convolutions count; additions, activations, normalisations,
        pooling and the bias do not. A product with what is padding, or masked, counts as any
        other. A transposed convolution counts each input element once a tap. Only what the
        outputs depend on counts, and the forward pass alone: training takes about three times
        as much.

    Raises:
        ValueError: if a lazy module has not seen its first input.
        RuntimeError: if the forward asks for a value, which does not exist here.

    >>> import flambeau as torch
    >>> torch.summary(torch.nn.Linear(4, 2), (8, 4))
    module   class   output  parameters  FLOPs
    ------------------------------------------
    (model)  Linear  8×2             10    128
    ------------------------------------------
    parameters: 10 (10 trainable, 0 frozen)
    FLOPs: 128
    """
    _refuse_lazy(model)
    outputs: dict[Any, Any] = {}
    counter = Counter()
    with _in_evaluation(model), no_grad(), runtime.tracing(), _watched(model, outputs, counter):
        model(*map(_as_input, inputs))
    rows = [
        Row(
            path,
            type(module).__name__,
            outputs.get(module),
            sum(p.numel() for p in module.parameters()),
            counter.within(module),
        )
        for path, module in model.named_modules()
    ]
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Summary(rows, rows[0].parameters, trainable, rows[0].flops)


def _refuse_lazy(model: Module) -> None:
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if type(value).__name__.startswith("Uninitialized"):
            raise ValueError(f"{name} has no shape yet: call the model on an input first")


def _as_input(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value
    is_shape = isinstance(value, (tuple, list)) and all(type(n) is int for n in value)
    return ops.zeros(*value) if is_shape else value


@contextmanager
def _in_evaluation(model: Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _watched(model: Module, outputs: dict[Any, Any], counter: Counter) -> Iterator[None]:
    """Within, the shapes of outputs are noted, and what each call records is counted."""

    def before(module: Module, args: Any, kwargs: Any) -> None:
        counter.enter(module, list(_tensors((args, kwargs))))

    def after(module: Module, args: Any, output: Any) -> None:
        outputs[module] = _shapes(output)
        counter.leave(module, list(_tensors(output)))

    handles = []
    for module in model.modules():
        handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(module.register_forward_hook(after))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _shapes(value: Any) -> Any:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, (tuple, list)):
        return [_shapes(item) for item in value]
    if isinstance(value, dict):
        return [_shapes(item) for item in value.values()]
    return "None" if value is None else type(value).__name__
