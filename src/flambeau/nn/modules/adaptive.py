"""The adaptive softmax: a classifier for many classes, few of them frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flambeau import ops
from flambeau.nn import functional as F
from flambeau.nn.modules.container import ModuleList, Sequential
from flambeau.nn.modules.linear import Linear
from flambeau.nn.modules.module import Module
from flambeau.tensor import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax in two steps: the frequent classes and clusters of the rest, then a cluster's own.

    Classes are numbered from the most frequent on; ``cutoffs`` are the first classes of the
    clusters. Cluster i is computed in ``in_features // div_value**i`` dimensions.
    Input (N, in_features) or (in_features); target (N) or ().

    Grave, Joulin, Cissé, Grangier, Jégou: Efficient softmax approximation for GPUs (2017).
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        ordered = cutoffs == sorted(set(cutoffs)) and min(cutoffs) > 0
        if not ordered or max(cutoffs) > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            first = Linear(in_features, hidden, bias=False, **options)
            self.tail.append(Sequential(first, Linear(hidden, size, bias=False, **options)))

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for layer in (self.head, *(layer for pair in self.tail for layer in pair)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The log probability of each target, and the mean of their negatives."""
        batched = target_.ndim > 0
        if batched and input_.shape[0] != target_.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if target_.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.ndim != target_.ndim + 1:
            expected = "2D" if batched else "1D"
            side = "1D target tensor expects 2D" if batched else "0D target tensor expects 1D"
            raise RuntimeError(
                f"{side} input tensors, but found inputs with sizes "
                f"{input_.shape}. Expected {expected}."
            )
        input = input_ if batched else input_.unsqueeze(0)
        target = target_ if batched else target_.unsqueeze(0)
        self._check_targets(target)
        output = self._chosen(input, target)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _check_targets(self, target: Tensor) -> None:
        if target.numel() and not bool(((target >= 0) & (target < self.n_classes)).all()):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )

    def _chosen(self, input: Tensor, target: Tensor) -> Tensor:
        head = F.log_softmax(self.head(input), dim=1)
        places = target
        extra = ops.zeros(target.shape[0], dtype=input.dtype)
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:], strict=False)):
            inside = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if not inside.numel():
                continue
            cluster = F.log_softmax(self.tail[i](input.index_select(0, inside)), dim=1)
            within = (target.index_select(0, inside) - low).unsqueeze(1)
            extra = extra.index_add(0, inside, cluster.gather(1, within).squeeze(1))
            places = places.index_fill(0, inside, self.shortlist_size + i)
        return head.gather(1, places.unsqueeze(1)).squeeze(1) + extra

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probabilities of all classes: (N, n_classes)."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            at = self.shortlist_size + i
            parts.append(F.log_softmax(tail(input), dim=1) + head[:, at : at + 1])
        return ops.cat(parts, dim=1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: (N)."""
        return self.log_prob(input).argmax(dim=1)
