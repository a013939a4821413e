"""Sequences of different lengths are padded, packed, and come back as they were."""

import pytest

import flambeau as torch
from flambeau.nn.utils import rnn


def sequences():
    return [torch.arange(1.0, 3.0), torch.arange(3.0, 7.0), torch.arange(7.0, 8.0)]


def lists(tensors):
    return [tensor.tolist() for tensor in tensors]


def test_padding_on_the_right():
    assert rnn.pad_sequence(sequences(), batch_first=True).tolist() == [
        [1.0, 2.0, 0.0, 0.0],
        [3.0, 4.0, 5.0, 6.0],
        [7.0, 0.0, 0.0, 0.0],
    ]
    assert rnn.pad_sequence(sequences()).shape == (4, 3)


def test_padding_on_the_left_with_another_value():
    padded = rnn.pad_sequence(sequences(), True, -1.0, "left")
    assert padded[0].tolist() == [-1.0, -1.0, 1.0, 2.0]


def test_padding_keeps_further_dimensions_and_the_type():
    padded = rnn.pad_sequence([torch.ones(2, 3, dtype=torch.int64), torch.ones(1, 3).long()])
    assert padded.shape == (2, 2, 3)
    assert padded.dtype == torch.int64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("pad_sequence([])", "received an empty list of sequences"),
        (
            "pad_sequence(3)",
            "pad_sequence: Expected iterable for input sequences, "
            "but got arg of type: <class 'int'>",
        ),
        (
            "pad_sequence([x], padding_side='up')",
            "Expected padding_side to be one of left or right, but got up.",
        ),
        ("pack_padded_sequence(x, [3, 1])", "Expected `len(lengths)` to be equal to batch_size"),
        (
            "pack_padded_sequence(x, [3, 1, 2])",
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability.",
        ),
        (
            "pack_padded_sequence(x, [3, 1, 0])",
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0",
        ),
        (
            "pack_padded_sequence(x, 3)",
            "'lengths' argument should be a 1D CPU int64 tensor, but got 0D cpu Long tensor",
        ),
        ("pack_padded_sequence(x[:0], [])", "Expected `len(lengths)` to be equal to batch_size"),
        ("pack_padded_sequence(x[:, :0], [])", "Cannot pack empty tensors."),
    ],
)
def test_what_cannot_be_packed_or_padded(call, message):
    x = torch.ones(4, 3)
    with pytest.raises(RuntimeError) as caught:
        eval(f"rnn.{call}", {"rnn": rnn, "x": x})
    assert str(caught.value).startswith(message)


def test_packing_takes_one_step_of_all_sequences_after_the_other():
    packed = rnn.pack_sequence(sequences(), enforce_sorted=False)
    assert packed.data.tolist() == [3.0, 1.0, 7.0, 4.0, 2.0, 5.0, 6.0]
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 2]


def test_packing_a_sorted_batch_needs_no_permutation():
    x = torch.arange(8.0).view(4, 2)
    packed = rnn.pack_padded_sequence(x, torch.tensor([4, 2]))
    assert packed.data.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 6.0]
    assert packed.sorted_indices is None
    assert packed.unsorted_indices is None


def test_packing_batch_first():
    x = torch.arange(8.0).view(2, 4)
    packed = rnn.pack_padded_sequence(x, [4, 2], batch_first=True)
    assert packed.data.tolist() == [0.0, 4.0, 1.0, 5.0, 2.0, 3.0]


def test_unpacking_undoes_packing():
    packed = rnn.pack_sequence(sequences(), enforce_sorted=False)
    assert lists(rnn.unpack_sequence(packed)) == lists(sequences())


def test_unpadding_undoes_padding():
    lengths = torch.tensor([2, 4, 1])
    for batch_first in (True, False):
        padded = rnn.pad_sequence(sequences(), batch_first)
        assert lists(rnn.unpad_sequence(padded, lengths, batch_first)) == lists(sequences())


def test_padding_a_packed_batch():
    packed = rnn.pack_sequence(sequences(), enforce_sorted=False)
    padded, lengths = rnn.pad_packed_sequence(
        packed, batch_first=True, padding_value=9.0, total_length=5
    )
    assert padded.tolist() == [
        [1.0, 2.0, 9.0, 9.0, 9.0],
        [3.0, 4.0, 5.0, 6.0, 9.0],
        [7.0, 9.0, 9.0, 9.0, 9.0],
    ]
    assert lengths.tolist() == [2, 4, 1]
    assert lengths.dtype == torch.int64
    steps_first, _ = rnn.pad_packed_sequence(packed)
    assert steps_first.shape == (4, 3)


def test_a_batch_is_not_padded_to_less_than_its_longest_sequence():
    packed = rnn.pack_sequence(sequences(), enforce_sorted=False)
    message = (
        "Expected total_length to be at least the length of the longest sequence in input, "
        "but got total_length=3 and max sequence length being 4"
    )
    with pytest.raises(ValueError, match=message):
        rnn.pad_packed_sequence(packed, total_length=3)


def test_gradients_reach_only_what_was_packed():
    x = torch.ones(3, 2, 2, requires_grad=True)
    packed = rnn.pack_padded_sequence(x, [3, 1])
    padded, _ = rnn.pad_packed_sequence(packed)
    (padded * 2).sum().backward()
    assert x.grad[:, 0].tolist() == [[2.0, 2.0]] * 3
    assert x.grad[:, 1].tolist() == [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_packed_sequence_is_a_named_tuple():
    packed = rnn.PackedSequence(torch.ones(3), torch.tensor([2, 1]))
    data, sizes, order, inverse = packed
    assert data is packed[0]
    assert order is inverse is None
    assert isinstance(packed, tuple)
    assert repr(packed) == (
        "PackedSequence(data=tensor([1., 1., 1.]), batch_sizes=tensor([2, 1]), "
        "sorted_indices=None, unsorted_indices=None)"
    )
    with pytest.raises(AssertionError, match="^Expected data to be a list or tuple of length 2$"):
        rnn.PackedSequence(torch.ones(3))
    assert rnn.PackedSequence((data, sizes)).batch_sizes is sizes


def test_a_packed_sequence_can_be_cast():
    packed = rnn.PackedSequence(torch.ones(3), torch.tensor([2, 1]), torch.tensor([1, 0]))
    assert packed.double().data.dtype == torch.float64
    assert packed.to(torch.float16).unsorted_indices.tolist() == [1, 0]
    for method in ("float", "half", "long", "int", "short", "char", "byte", "cpu", "pin_memory"):
        assert type(getattr(packed, method)()) is rnn.PackedSequence
    assert not packed.is_cuda
    assert not packed.is_pinned()


def test_the_inverse_of_a_permutation():
    assert rnn.invert_permutation(torch.tensor([2, 0, 1])).tolist() == [1, 2, 0]
    assert rnn.invert_permutation(None) is None
