"""Connectionist temporal classification: the loss of labels whose times are unknown.

The labels are spread out with blanks between, ``_ a _ b _``, and a path through them may stay,
go on by one, or skip the blank between two different labels. With logarithms of probabilities,

    alpha[t, s] = logsumexp(alpha[t-1, s], alpha[t-1, s-1], alpha[t-1, s-2]) + p[t, label s]
    loss        = -logsumexp(alpha[T, last blank], alpha[T, last label])

Graves, Fernández, Gomez, Schmidhuber: Connectionist Temporal Classification (2006).
"""

from __future__ import annotations

from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ops._registry import operation
from flambeau.ops.creation import arange, as_tensor, full, zeros
from flambeau.ops.joining import cat, stack
from flambeau.ops.loss import reduced
from flambeau.ops.selecting import gather
from flambeau.ops.selection import where
from flambeau.ops.shape import expand, unsqueeze
from flambeau.tensor import Tensor

__all__ = ["ctc_loss"]

#: The logarithm of a probability of zero. Finite, so that no gradient is inf - inf.
_NEVER = -1e30


class Normalized(CompositeOperator):
    """Zeros (N,), whose gradient by log_probs is the probabilities themselves.

    PyTorch's gradient takes log_probs for the outcome of a log_softmax and includes what that
    will subtract. Behind a log_softmax it changes nothing.
    """

    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, counts: Tensor) -> Tensor:
        ctx.save_for_backward(log_probs, counts)
        return zeros(log_probs.shape[1], dtype=log_probs.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        log_probs, counts = ctx.saved_tensors
        return log_probs.exp() * counts * unsqueeze(grad, -1), None


@operation(
    namespaces=("nn.functional",),
    cases=(
        "f(6, 2, 4).log_softmax(-1), i(1, 4, 2, 2), (6, 5), (2, 1)",
        "f(6, 2, 4).log_softmax(-1), i(1, 4, 3), (6, 5), (2, 1), reduction='none'",
        "f(7, 2, 4).log_softmax(-1), torch.tensor([[1, 1, 2], [0, 2, 1]]), "
        "torch.tensor([7, 7]), torch.tensor([3, 2]), blank=3, reduction='sum'",
        "f(5, 4).log_softmax(-1), torch.tensor([2, 1]), torch.tensor(5), torch.tensor(2)",
        "f(2, 1, 4).log_softmax(-1), torch.tensor([[1, 1]]), (2,), (2,), zero_infinity=True",
    ),
)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The CTC loss: minus the log likelihood of the labels, in any timing.

    ``log_probs`` (T, N, C) or (T, C); ``targets`` (N, S), or all labels one after another;
    lengths (N), tensors or tuples. ``"mean"`` divides each loss by its target's length first.
    ``zero_infinity`` makes zeros of the infinite losses of targets too long for their input.
    """
    batched = log_probs.ndim == 3
    if not batched:
        log_probs = unsqueeze(log_probs, 1)
    times, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    inputs, labels = _lengths(input_lengths, batch), _lengths(target_lengths, batch)
    for n in inputs.tolist():
        if n > times:
            raise RuntimeError(
                f"Expected input_lengths to have value at most {times}, but got value {n} "
                "(while checking arguments for ctc_loss_cpu)"
            )
    path = _with_blanks(_rectangle(targets, labels, batch), blank)
    alpha = _forward(log_probs, path, inputs, blank)
    losses = -_ends(alpha, labels).logsumexp(1)
    losses = losses + Normalized.apply(log_probs, _within(log_probs, inputs))
    impossible = losses.detach() > -_NEVER / 2
    losses = where(impossible, 0.0 if zero_infinity else float("inf"), losses)
    if reduction == "mean":
        losses = losses / labels.clamp_min(1)
        return losses.mean()
    result = reduced(losses, reduction)
    return result if batched or reduction != "none" else result.squeeze(0)


def _lengths(given: Any, batch: int) -> Tensor:
    """The lengths as integers, (N,)."""
    lengths = as_tensor(given).to(dtypes.int64).reshape(-1)
    if lengths.shape[0] != batch:
        raise RuntimeError("input_lengths must be of size batch_size")
    return lengths


def _rectangle(targets: Tensor, labels: Tensor, batch: int) -> Tensor:
    """The targets as (N, S), padded with zeros if they were one after another."""
    targets = targets.to(dtypes.int64)
    if targets.ndim == 2:
        return targets
    longest = max(labels.tolist(), default=0)
    starts = labels.cumsum(0) - labels
    places = unsqueeze(starts, 1) + arange(longest)
    beyond = arange(longest) >= unsqueeze(labels, 1)
    if not targets.numel():
        return zeros(batch, longest, dtype=dtypes.int64)
    return targets[places.masked_fill(beyond, 0)]


def _with_blanks(targets: Tensor, blank: int) -> Tensor:
    """``a b`` as ``_ a _ b _``: (N, 2 S + 1)."""
    batch, length = targets.shape
    blanks = full((batch, length), blank, dtype=dtypes.int64)
    pairs = stack([blanks, targets], 2).reshape(batch, 2 * length)
    return cat([pairs, full((batch, 1), blank, dtype=dtypes.int64)], 1)


def _forward(log_probs: Tensor, path: Tensor, inputs: Tensor, blank: int) -> Tensor:
    """alpha at each sample's last time, (N, 2 S + 1)."""
    times, batch, _ = log_probs.shape
    width = path.shape[1]
    chances = gather(log_probs, 2, expand(unsqueeze(path, 0), (times, batch, width)))
    before = cat([full((batch, 2), blank, dtype=dtypes.int64), path], 1)[:, :width]
    may_skip = (path != blank) & (path != before)
    never = full((batch, 2), _NEVER, dtype=log_probs.dtype)
    alpha = where(arange(width) < 2, chances[0], _NEVER)
    for t in range(1, times):
        padded = cat([never, alpha], 1)
        skipped = where(may_skip, padded[:, :width], _NEVER)
        ways = stack([alpha, padded[:, 1 : width + 1], skipped], 2)
        fresh = ways.logsumexp(2) + chances[t]
        alpha = where(unsqueeze(inputs > t, 1), fresh, alpha)
    return alpha


def _ends(alpha: Tensor, labels: Tensor) -> Tensor:
    """alpha at the last blank and at the last label, (N, 2)."""
    last = unsqueeze(2 * labels, 1)
    by_blank = gather(alpha, 1, last)
    by_label = gather(alpha, 1, (last - 1).clamp_min(0))
    return cat([by_blank, where(last > 0, by_label, _NEVER)], 1)


def _within(log_probs: Tensor, inputs: Tensor) -> Tensor:
    """1 where the time is within the sample's length, (T, N, 1)."""
    mask = unsqueeze(arange(log_probs.shape[0]), 1) < inputs
    return unsqueeze(mask, -1).to(log_probs.dtype)
