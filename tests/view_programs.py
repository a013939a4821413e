"""Random programs of views and writes, for tests of aliasing."""

from typing import Any

from hypothesis import strategies as st

VIEWS = ("transpose", "slice", "select", "reshape", "unsqueeze", "diagonal", "squeeze", "narrow")
WRITES = ("add", "mul", "fill", "assign", "copy")

#: One step: what to do, to which of the tensors that there are, and numbers to choose by.
Step = tuple[str, int, tuple[int, int, int]]

numbers = st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 7))
steps = st.tuples(st.sampled_from(VIEWS + VIEWS + WRITES + ("read",)), st.integers(0, 9), numbers)
programs = st.lists(steps, min_size=3, max_size=14)


def view(x: Any, kind: str, choice: tuple[int, int, int]) -> Any:
    """One more view of ``x``, or ``x`` where the kind does not fit."""
    a, b, c = choice
    if kind == "unsqueeze":
        return x.unsqueeze(a % (x.dim() + 1))
    if x.dim() == 0:
        return x
    dim = a % x.dim()
    size = x.shape[dim]
    if kind == "transpose":
        return x.transpose(dim, b % x.dim())
    if kind == "slice":
        index = [slice(None)] * x.dim()
        index[dim] = slice(b % size, size, 1 + c % 2)
        return x[tuple(index)]
    if kind == "select":
        return x.select(dim, b % size)
    if kind == "narrow":
        return x.narrow(dim, b % size, 1 + c % (size - b % size))
    if kind == "reshape":
        return x.view(-1) if x.is_contiguous() else x
    if kind == "diagonal":
        other = b % x.dim()
        return x.diagonal(0, dim, other) if other != dim else x
    return x.squeeze(dim)


def write(x: Any, kind: str, choice: tuple[int, int, int]) -> None:
    """Change ``x`` in place."""
    a, b, _ = choice
    if kind == "add":
        x.add_(a)
    elif kind == "mul":
        x.mul_(b % 3)
    elif kind == "fill":
        x.fill_(a)
    elif kind == "copy":
        x.copy_(x.flip(0) if x.dim() else x)
    elif x.dim():
        x[a % x.shape[0]] = b


def _strides(x: Any) -> list[int]:
    """The strides that matter: a dimension of one element has none."""
    return [stride for stride, size in zip(x.stride(), x.shape, strict=True) if size > 1]


def run(torch: Any, program: list[Step], gradients: bool = False) -> list[Any]:
    """The values of all tensors after a program (and the gradient of the first leaf)."""
    leaf = torch.arange(24.0).view(2, 3, 4).clone().requires_grad_(gradients)
    tensors = [leaf * 1]
    for kind, which, choice in program:
        x = tensors[which % len(tensors)]
        if kind in VIEWS:
            tensors.append(view(x, kind, choice))
        elif kind == "read":
            x.sum().item()
        else:
            write(x, kind, choice)
    results = [[tuple(x.shape), _strides(x), x.storage_offset()] for x in tensors]
    values = [x.tolist() for x in tensors]
    if gradients:
        total = sum((x * x).sum() * (i + 1) for i, x in enumerate(tensors))
        total.backward()
        values.append(leaf.grad.tolist())
    return [results, values]
