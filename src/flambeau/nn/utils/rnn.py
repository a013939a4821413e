"""Sequences of different lengths in one batch: padded to the longest, or packed without gaps."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

from flambeau import ops
from flambeau.ir import dtypes
from flambeau.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence_(NamedTuple):
    """The fields of a :class:`PackedSequence`."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """Sequences of different lengths, the longest first, stored step by step without padding.

    Made by :func:`pack_padded_sequence` and :func:`pack_sequence`; the recurrent layers take it.

    Attributes:
        data: ``(sum of lengths, *)``: the first elements of all sequences, then the second …
        batch_sizes: how many sequences reach each step; int64, on the CPU.
        sorted_indices: the order in which the sequences were taken; None if as they came.
        unsorted_indices: the inverse permutation, to undo it.

    >>> import flambeau as torch
    >>> from flambeau.nn.utils.rnn import pack_sequence
    >>> packed = pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 5, 3]), tensor([2, 2, 1]))
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            if not isinstance(data, list | tuple) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> "PackedSequence":
        """Move or cast ``data``; the arguments are those of ``Tensor.to``."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def double(self) -> "PackedSequence":
        """Cast ``data`` to float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> "PackedSequence":
        """Cast ``data`` to float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> "PackedSequence":
        """Cast ``data`` to float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> "PackedSequence":
        """Cast ``data`` to int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> "PackedSequence":
        """Cast ``data`` to int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> "PackedSequence":
        """Cast ``data`` to int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> "PackedSequence":
        """Cast ``data`` to int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> "PackedSequence":
        """Cast ``data`` to uint8."""
        return self.to(dtype=dtypes.uint8)

    def cpu(self, *args: Any, **kwargs: Any) -> "PackedSequence":
        """Move to the CPU."""
        return self.to(*args, device="cpu", **kwargs)

    def pin_memory(self) -> "PackedSequence":
        """Return self: memory of the CPU need not be pinned for the CPU."""
        return self

    def is_pinned(self) -> bool:
        """Whether ``data`` is in pinned memory: never."""
        return False

    @property
    def is_cuda(self) -> bool:
        """Whether ``data`` is on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one."""
    return None if permutation is None else ops.argsort(permutation)


_UNSORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
    "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
    "sidestep this requirement if you do not need ONNX exportability."
)


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Drop the padding from a batch of sequences.

    Args:
        input: ``(T, B, *)``, or ``(B, T, *)`` with ``batch_first``.
        lengths: the length of each sequence, all greater than zero.
        batch_first: which of the two layouts ``input`` has.
        enforce_sorted: require decreasing lengths; otherwise the sequences are sorted here.

    Raises:
        RuntimeError: if the lengths are not decreasing and ``enforce_sorted``, if one is zero, or
            if there is not one for each sequence.
    """
    counts = _checked_lengths(lengths)
    sorted_indices = None
    if not enforce_sorted:
        order = sorted(range(len(counts)), key=lambda sequence: -counts[sequence])
        sorted_indices = ops.tensor(order, dtype=dtypes.int64)
        counts = [counts[sequence] for sequence in order]
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    steps_first = input.transpose(0, 1) if batch_first else input
    _check_counts(counts, steps_first)
    sizes = [sum(count > step for count in counts) for step in range(counts[0])]
    places = _places(sizes, steps_first.size(1))
    data = steps_first.flatten(0, 1).index_select(0, ops.tensor(places, dtype=dtypes.int64))
    return PackedSequence(data, ops.tensor(sizes, dtype=dtypes.int64), sorted_indices)


def _checked_lengths(lengths: Any) -> list[int]:
    given = ops.as_tensor(lengths, dtype=dtypes.int64)
    if given.dim() != 1:
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, "
            f"but got {given.dim()}D cpu Long tensor"
        )
    return given.tolist()


def _check_counts(counts: list[int], steps_first: Tensor) -> None:
    batch = steps_first.size(1)
    if len(counts) != batch:
        raise RuntimeError(
            "Expected `len(lengths)` to be equal to batch_size, "
            f"but got {len(counts)} (batch_size={batch})"
        )
    if not counts or steps_first.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    if any(longer < shorter for longer, shorter in pairwise(counts)):
        raise RuntimeError(_UNSORTED)
    if counts[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, "
            "but found an element in 'lengths' that is <= 0"
        )
    if counts[0] > steps_first.size(0):
        raise RuntimeError(
            f"Expected the longest length to be at most the number of steps, "
            f"but got {counts[0]} (steps={steps_first.size(0)})"
        )


def _places(sizes: list[int], batch: int) -> list[int]:
    """Where the elements of a packed sequence are in the padded one, its steps flattened."""
    return [step * batch + row for step, size in enumerate(sizes) for row in range(size)]


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Undo :func:`pack_padded_sequence`.

    Args:
        sequence: a packed batch.
        batch_first: give ``(B, T, *)``, not ``(T, B, *)``.
        padding_value: what to fill the gaps with.
        total_length: pad to this many steps, not only to the longest sequence.

    Returns:
        the padded batch, and the lengths of the sequences in it.
    """
    sizes = sequence.batch_sizes.tolist()
    batch = sizes[0]
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {len(sizes)}"
        )
    data = sequence.data
    features = tuple(data.shape[1:])
    places = ops.tensor(_places(sizes, batch), dtype=dtypes.int64)
    gaps = data.new_full((steps * batch, *features), padding_value)
    padded = gaps.index_copy(0, places, data).view(steps, batch, *features)
    lengths = ops.tensor([sum(size > row for size in sizes) for row in range(batch)])
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths.index_select(0, sequence.unsorted_indices)
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack tensors that differ in their first dimension, padded to the longest.

    Args:
        sequences: tensors ``(L_i, *)``.
        batch_first: give ``(B, T, *)``, not ``(T, B, *)``.
        padding_value: what to fill the gaps with.
        padding_side: ``"right"`` or ``"left"``.

    >>> import flambeau as torch
    >>> from flambeau.nn.utils.rnn import pad_sequence
    >>> pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, "
            f"but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    listed = list(sequences)
    if not listed:
        raise RuntimeError("received an empty list of sequences")
    longest = max(sequence.size(0) for sequence in listed)
    padded = [_pad(sequence, longest, padding_value, padding_side) for sequence in listed]
    return ops.stack(padded, dim=0 if batch_first else 1)


def _pad(sequence: Tensor, length: int, value: float, side: str) -> Tensor:
    missing = length - sequence.size(0)
    if missing == 0:
        return sequence
    gap = sequence.new_full((missing, *sequence.shape[1:]), value)
    return ops.cat([gap, sequence] if side == "left" else [sequence, gap])


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """Undo :func:`pad_sequence`: the sequences without their padding at the end."""
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [sequence[:length] for sequence, length in zip(batch, lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of tensors ``(L_i, *)``; see :func:`pack_padded_sequence`."""
    lengths = [sequence.size(0) for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo :func:`pack_sequence`: the sequences, in the order they were given."""
    padded, lengths = pad_packed_sequence(packed_sequences)
    return unpad_sequence(padded, lengths)
