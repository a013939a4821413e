"""The engine: walks the graph from the roots, latest operation first, and adds up gradients."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from flambeau import runtime
from flambeau.autograd import anomaly
from flambeau.autograd.composite import CompositeOperator, replayed_backward, traced_backward
from flambeau.autograd.graph import AccumulateGrad, Edge, GradientEdge, GraphNode, edge_of
from flambeau.autograd.modes import mode
from flambeau.ir.primitives import elementwise
from flambeau.ir.shapes import broadcast
from flambeau.tensor import Tensor, emit, filled, from_node, node_of, write

__all__ = ["backward", "grad"]

Tensors = Tensor | Sequence[Tensor]

_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of ``tensors`` to the ``.grad`` of the leaves (or of ``inputs``).

    ``grad_tensors`` are the vectors of the vector-Jacobian product, one a tensor; they may be
    left out for tensors of one element. ``retain_graph`` keeps the graph for another
    backward; ``create_graph`` records the gradients' own computation, for higher derivatives.
    """
    roots = _as_tuple(tensors)
    if inputs is not None and not isinstance(inputs, Tensor) and len(tuple(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    grads = _root_gradients(roots, _as_tuple(grad_tensors), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph:
        runtime.warn(_CYCLE)
    targets = None if inputs is None else [_target(t) for t in _as_tuple(inputs)]
    walk = _Walk(keep, create_graph, targets)
    captured = walk.run(roots, grads)
    if inputs is not None:
        for tensor, gradient in zip(_as_tuple(inputs), captured, strict=True):
            if gradient is not None:
                accumulate(tensor, gradient, create_graph)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``; no ``.grad`` is touched.

    RuntimeError when an input was not used, unless ``allow_unused`` (None is given for it then)
    or ``materialize_grads`` (zeros are).
    """
    if allow_unused is False and materialize_grads:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, "
            "but got: allow_unused=False."
        )
    roots = _as_tuple(outputs)
    variables = _as_tuple(inputs)
    grads = _root_gradients(roots, _as_tuple(grad_outputs), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    captured = _Walk(keep, create_graph, [_target(v) for v in variables]).run(roots, grads)
    results = []
    for position, (variable, gradient) in enumerate(zip(variables, captured, strict=True)):
        if gradient is None and materialize_grads:
            gradient = filled(variable.shape, 0, variable.dtype)
        elif gradient is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {position} appears to not have been used in "
                "the graph. Set allow_unused=True if this is the desired behavior."
            )
        results.append(gradient)
    return tuple(results)


def _as_tuple(tensors: Any) -> tuple[Any, ...]:
    if tensors is None:
        return ()
    return (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)


def _root_gradients(
    roots: tuple[Tensor, ...], given: tuple[Any, ...], create_graph: bool
) -> list[Tensor | None]:
    gradients: list[Tensor | None] = []
    if given and len(given) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(given)} gradients")
    for position, root in enumerate(roots):
        gradient = given[position] if given else None
        if gradient is None:
            if not root.requires_grad:
                gradients.append(None)
                continue
            if root.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            gradient = filled(root.shape, 1, root.dtype)
        elif not isinstance(gradient, Tensor):
            raise TypeError(
                "gradients can be either Tensors or None, but got " + type(gradient).__name__
            )
        elif gradient.shape != root.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{position}] has a shape of {gradient.shape} and "
                f"output[{position}] has a shape of {root.shape}."
            )
        gradients.append(gradient)
    return gradients


def _target(tensor: Any) -> tuple[GraphNode, int]:
    if isinstance(tensor, GradientEdge):
        return tensor
    edge = edge_of(tensor)
    if edge.fn is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge.fn, edge.output_nr


class _Walk:
    """One backward pass."""

    def __init__(self, keep: bool, create_graph: bool, targets: list | None) -> None:
        self.keep = keep
        self.create_graph = create_graph
        self.targets = targets
        self.captured: dict[tuple[GraphNode, int], Tensor] = {}
        self.waiting: dict[GraphNode, int] = {}
        self.arrived: dict[GraphNode, list[Tensor | None]] = {}

    def run(self, roots: tuple[Tensor, ...], gradients: list[Tensor | None]) -> list[Tensor | None]:
        edges = [edge_of(root) for root in roots]
        for position, edge in enumerate(edges):
            if edge.fn is None:
                raise RuntimeError(
                    f"element {position} of tensors does not require grad and does not have "
                    "a grad_fn"
                )
        outer, mode.grad = mode.grad, self.create_graph
        try:
            self._count([edge.fn for edge in edges])
            for edge, gradient in zip(edges, gradients, strict=True):
                self._deliver(edge, gradient)
            self._process([edge.fn for edge in edges])
        finally:
            mode.grad = outer
        return [self.captured.get(target) for target in self.targets or ()]

    def _count(self, roots: list[GraphNode]) -> None:
        """How many gradients each node will get; with targets, which nodes lead to one."""
        stack = list(dict.fromkeys(roots))
        self.waiting = dict.fromkeys(stack, 0)
        order = []
        while stack:
            fn = stack.pop()
            order.append(fn)
            for edge in fn._edges:
                if edge is not None and edge.fn is not None:
                    if edge.fn not in self.waiting:
                        self.waiting[edge.fn] = 0
                        stack.append(edge.fn)
                    self.waiting[edge.fn] += 1
        self.wanted = None if self.targets is None else self._leading_to_targets(order)

    def _leading_to_targets(self, nodes: list[GraphNode]) -> set[GraphNode]:
        assert self.targets is not None
        wanted = {fn for fn, _ in self.targets}
        # An edge leads from a later operation to an earlier one.
        for fn in sorted(nodes, key=lambda node: node._sequence_nr):
            if any(edge is not None and edge.fn in wanted for edge in fn._edges):
                wanted.add(fn)
        return wanted

    def _deliver(self, edge: Edge, gradient: Tensor | None) -> None:
        """Add a gradient to what has arrived at its node, in the form of the argument."""
        slots = self.arrived.setdefault(edge.fn, [])
        while len(slots) <= edge.output_nr:
            slots.append(None)
        if gradient is None:
            return
        before = slots[edge.output_nr]
        slots[edge.output_nr] = gradient if before is None else before + gradient

    def _process(self, roots: list[GraphNode]) -> None:
        ready = [(-fn._sequence_nr, id(fn), fn) for fn in dict.fromkeys(roots)]
        ready = [item for item in ready if self.waiting[item[2]] == 0]
        heapq.heapify(ready)
        while ready:
            fn = heapq.heappop(ready)[2]
            for edge, gradient in self._step(fn):
                self._deliver(edge, gradient)
                self.waiting[edge.fn] -= 1
                if self.waiting[edge.fn] == 0:
                    heapq.heappush(ready, (-edge.fn._sequence_nr, id(edge.fn), edge.fn))

    def _step(self, fn: GraphNode) -> list[tuple[Edge, Tensor | None]]:
        """Run one node's hooks and derivative; the gradients for its edges."""
        gradients = self.arrived.pop(fn, [])
        edges = [edge for edge in fn._edges if edge is not None and edge.fn is not None]
        wanted = self.wanted
        if wanted is not None:
            # As in PyTorch, what goes further is captured before its hooks, an end after them.
            further = any(edge.fn in wanted for edge in edges)
            if not further:
                gradients = _through_tensor_hooks(fn, gradients, self.create_graph)
            self._capture(fn, gradients)
            if not further:
                return [(edge, None) for edge in edges]
        if all(gradient is None for gradient in gradients):
            return [(edge, None) for edge in edges]
        gradients = _through_hooks(fn, gradients, self.create_graph)
        if isinstance(fn, AccumulateGrad):
            accumulate(fn.variable, gradients[0], self.create_graph)
            return []
        results = _differentiate(fn, gradients)
        if not self.keep:
            fn.release()
        return [
            (edge, _fitted(result, edge, fn, position))
            for position, (edge, result) in enumerate(zip(fn._edges, results, strict=True))
            if edge is not None and edge.fn is not None
        ]

    def _capture(self, fn: GraphNode, gradients: list[Tensor | None]) -> None:
        assert self.targets is not None
        for target in self.targets:
            if target[0] is fn and target[1] < len(gradients):
                gradient = gradients[target[1]]
                if gradient is not None:
                    self.captured[target] = gradient


def _fitted(gradient: Tensor | None, edge: Edge, fn: GraphNode, position: int) -> Tensor | None:
    """The gradient summed over what was broadcast, and cast to the argument's dtype."""
    if gradient is None:
        return None
    if not isinstance(gradient, Tensor):
        raise RuntimeError(f"expected Variable or None (got {type(gradient).__name__})")
    node = node_of(gradient)
    if node.shape != edge.shape:
        if broadcast_shape(node.shape, edge.shape) != node.shape:
            raise RuntimeError(
                f"Function {fn.name()} returned an invalid gradient at index {position} - got "
                f"{list(node.shape)} but expected shape compatible with {list(edge.shape)}"
            )
        gradient = gradient.sum_to_size(edge.shape)
    if node.dtype is not edge.dtype:
        gradient = gradient.to(edge.dtype)
    return gradient


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return broadcast(a, b)
    except RuntimeError:
        return None


def _through_hooks(
    fn: GraphNode, gradients: list[Tensor | None], create_graph: bool
) -> list[Tensor | None]:
    """The gradients after the tensors' hooks and the node's pre-hooks."""
    gradients = _through_tensor_hooks(fn, gradients, create_graph)
    for hook in tuple((fn._pre_hooks or {}).values()):
        result = hook(tuple(gradients))
        if result is not None:
            gradients = list(_as_tuple(result))
    return gradients


def _through_tensor_hooks(
    fn: GraphNode, gradients: list[Tensor | None], create_graph: bool
) -> list[Tensor | None]:
    """The gradients after the tensors' hooks; those to be retained are kept."""
    if isinstance(fn, AccumulateGrad):
        hooks = {0: fn.variable._backward_hooks} if fn.variable._backward_hooks else None
    else:
        hooks = fn._tensor_hooks
    if hooks:
        for number, table in hooks.items():
            if number < len(gradients) and gradients[number] is not None:
                gradients[number] = _hooked(gradients[number], table)
    for number, reference in (fn._retained or {}).items():
        tensor = reference()
        if tensor is not None and number < len(gradients) and gradients[number] is not None:
            accumulate(tensor, gradients[number], create_graph)
    return gradients


def _hooked(gradient: Any, table: Any) -> Any:
    for hook in tuple((table or {}).values()):
        result = hook(gradient)
        if result is not None:
            _check_replacement(gradient, result, hook)
            gradient = result
    return gradient


def _check_replacement(gradient: Tensor, result: Any, hook: Any) -> None:
    """A hook's result must have the form of the gradient that it replaces."""
    if not isinstance(result, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    name = getattr(hook, "__name__", repr(hook))
    if result.shape != gradient.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    if result.dtype is not gradient.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value")


def _differentiate(fn: GraphNode, gradients: list[Tensor | None]) -> tuple[Any, ...]:
    """The gradients for a node's arguments, through its derivative and its hooks."""
    missing = len(fn._outputs) - len(gradients)
    gradients = gradients + [None] * missing
    if fn._materialize and None in gradients:
        gradients = [
            filled(spec[0], 0, spec[1]) if gradient is None else gradient
            for spec, gradient in zip(fn._outputs, gradients, strict=True)
        ]
    try:
        if issubclass(fn.function, CompositeOperator):
            derive = replayed_backward if mode.grad else traced_backward
            results = derive(fn, gradients)
        else:
            results = fn.function.backward(fn, *gradients)
    except Exception:
        if anomaly.state.enabled:
            anomaly.report(fn)
        raise
    results = results if isinstance(results, tuple) else (results,)
    results = _matched(fn, results)
    if anomaly.state.enabled:
        anomaly.check(fn, results)
    return _through_post_hooks(fn, results, gradients) if fn._hooks else results


def _through_post_hooks(
    fn: GraphNode, results: tuple[Any, ...], gradients: list[Tensor | None]
) -> tuple[Any, ...]:
    """The results after the node's hooks, which are shown those of tensor arguments only."""
    places = [place for place, edge in enumerate(fn._edges) if edge is not None]
    shown = tuple(_as_wanted(results[place], fn, place) for place in places)
    for hook in tuple((fn._hooks or {}).values()):
        changed = hook(shown, tuple(gradients))
        if changed is not None:
            shown = _as_tuple(changed)
    replaced = list(results)
    for place, result in zip(places, shown, strict=True):
        replaced[place] = result
    return tuple(replaced)


def _as_wanted(result: Tensor | None, fn: GraphNode, place: int) -> Tensor | None:
    edge = fn._edges[place]
    if result is None or edge is None or edge.fn is None:
        return None
    return _fitted(result, edge, fn, place)


def _matched(fn: GraphNode, results: tuple[Any, ...]) -> tuple[Any, ...]:
    expected = len(fn._edges)
    if len(results) == expected:
        return results
    if len(results) > expected and all(extra is None for extra in results[expected:]):
        return results[:expected]
    raise RuntimeError(
        f"function {fn.name()} returned an incorrect number of gradients "
        f"(expected {expected}, got {len(results)})"
    )


def accumulate(tensor: Tensor, gradient: Tensor | None, create_graph: bool) -> None:
    """Add to ``tensor.grad``: in place, so that who holds it sees it, unless a graph is kept."""
    if gradient is None:
        return
    before = tensor._grad
    if create_graph:
        tensor._grad = gradient if before is None else before + gradient
    elif before is None:
        tensor._grad = from_node(node_of(gradient))
    else:
        write(before, node_of(emit(elementwise.ADD, before, gradient)))
    for hook in tuple((tensor._post_accumulate_grad_hooks or {}).values()):
        hook(tensor)
