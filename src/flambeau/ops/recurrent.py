"""Recurrent steps: what an RNN, a GRU and an LSTM do with one time step, and along many.

gates = x W_ih.T + b_ih   (all time steps at once)
h, …  = step(gates[t] + h W_hh.T + b_hh, …)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ops.joining import cat
from flambeau.ops.products import linear
from flambeau.ops.shape import chunk
from flambeau.tensor import Tensor

__all__ = ["CELLS", "gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell", "scan"]

#: The state of a recurrent layer: one tensor, or two for an LSTM.
State = tuple[Tensor, ...]
Weights = Sequence[Any]


class LstmStep(CompositeOperator):
    """c' = σ(f) c + σ(i) tanh(g),  h' = σ(o) tanh(c'); gates (N, 4 H), c (N, H)."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, cell: Tensor) -> tuple[Tensor, ...]:
        i, f, g, o = chunk(gates, 4, 1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        fresh = f * cell + i * g
        squashed = fresh.tanh()
        ctx.save_for_backward(i, f, g, o, cell, squashed)
        return o * squashed, fresh

    @staticmethod
    def backward(ctx: Any, grad_h: Tensor, grad_c: Tensor) -> tuple[Any, ...]:
        i, f, g, o, cell, squashed = ctx.saved_tensors
        by_cell = grad_c + grad_h * o * (1 - squashed * squashed)
        by_i = by_cell * g * i * (1 - i)
        by_f = by_cell * cell * f * (1 - f)
        by_g = by_cell * i * (1 - g * g)
        by_o = grad_h * squashed * o * (1 - o)
        return cat([by_i, by_f, by_g, by_o], 1), by_cell * f


class GruStep(CompositeOperator):
    """n = tanh(x_n + r h_n),  h' = (1 - z) n + z h; gates (N, 3 H) of input and of state."""

    @staticmethod
    def forward(ctx: Any, by_input: Tensor, by_state: Tensor, hidden: Tensor) -> Tensor:
        xr, xz, xn = chunk(by_input, 3, 1)
        hr, hz, hn = chunk(by_state, 3, 1)
        r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        n = (xn + r * hn).tanh()
        ctx.save_for_backward(r, z, n, hn, hidden)
        return n + z * (hidden - n)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        r, z, n, hn, hidden = ctx.saved_tensors
        by_n = grad * (1 - z) * (1 - n * n)
        by_z = grad * (hidden - n) * z * (1 - z)
        by_r = by_n * hn * r * (1 - r)
        by_input = cat([by_r, by_z, by_n], 1)
        by_state = cat([by_r, by_z, by_n * r], 1)
        return by_input, by_state, grad * z


def _lstm(by_input: Tensor, state: State, weights: Weights) -> State:
    hidden, cell = state
    _, w_hh, _, b_hh, *projection = weights
    hidden, cell = LstmStep.apply(by_input + linear(hidden, w_hh, b_hh), cell)
    if projection:
        hidden = linear(hidden, projection[0])
    return hidden, cell


def _gru(by_input: Tensor, state: State, weights: Weights) -> State:
    (hidden,) = state
    _, w_hh, _, b_hh = weights
    return (GruStep.apply(by_input, linear(hidden, w_hh, b_hh), hidden),)


def _rnn_tanh(by_input: Tensor, state: State, weights: Weights) -> State:
    _, w_hh, _, b_hh = weights
    return ((by_input + linear(state[0], w_hh, b_hh)).tanh(),)


def _rnn_relu(by_input: Tensor, state: State, weights: Weights) -> State:
    _, w_hh, _, b_hh = weights
    return ((by_input + linear(state[0], w_hh, b_hh)).relu(),)


#: By mode: the step, and how many gates the weights hold.
CELLS: dict[str, tuple[Callable[[Tensor, State, Weights], State], int]] = {
    "RNN_TANH": (_rnn_tanh, 1),
    "RNN_RELU": (_rnn_relu, 1),
    "LSTM": (_lstm, 4),
    "GRU": (_gru, 3),
}


def scan(
    mode: str,
    input: Tensor,
    batch_sizes: Sequence[int],
    state: State,
    weights: Weights,
    reverse: bool = False,
) -> tuple[Tensor, State]:
    """One layer in one direction, over time steps packed one after another.

    ``input`` is (sum of batch_sizes, features): step t holds the first ``batch_sizes[t]``
    sequences, the longer ones first. The outputs are packed likewise; the final state holds
    each sequence's own last step.
    """
    step = CELLS[mode][0]
    by_input = linear(input, weights[0], weights[2]).split(list(batch_sizes))
    if reverse:
        outputs, final = _backward_in_time(step, by_input, batch_sizes, state, weights)
    else:
        outputs, final = _forward_in_time(step, by_input, batch_sizes, state, weights)
    return cat(outputs), final


def _forward_in_time(
    step: Any, gates: Any, sizes: Sequence[int], state: State, weights: Weights
) -> tuple[list[Tensor], State]:
    outputs = []
    finished: list[State] = []
    now = sizes[0]
    for gate, size in zip(gates, sizes, strict=True):
        if size < now:
            finished.append(tuple(x[size:now] for x in state))
            state = tuple(x[:size] for x in state)
            now = size
        state = step(gate, state, weights)
        outputs.append(state[0])
    finished.append(state)
    if len(finished) == 1:
        return outputs, state
    parts = zip(*reversed(finished), strict=True)
    return outputs, tuple(cat(list(part)) for part in parts)


def _backward_in_time(
    step: Any, gates: Any, sizes: Sequence[int], initial: State, weights: Weights
) -> tuple[list[Tensor], State]:
    outputs = []
    now = sizes[-1]
    state = tuple(x[:now] for x in initial) if now < sizes[0] else initial
    for gate, size in zip(reversed(gates), reversed(sizes), strict=True):
        if size > now:  # shorter sequences begin here, from their own initial state
            joined = zip(state, initial, strict=True)
            state = tuple(cat([x, first[now:size]]) for x, first in joined)
            now = size
        state = step(gate, state, weights)
        outputs.append(state[0])
    outputs.reverse()
    return outputs, state


# One step by itself, as the cell modules use it -----------------------------------------------


def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: the new hidden and cell states."""
    hidden, cell = _lstm(linear(input, w_ih, b_ih), hx, (w_ih, w_hh, b_ih, b_hh))
    return hidden, cell


def _cell(step: Callable[[Tensor, State, Weights], State]) -> Callable[..., Tensor]:
    def cell(
        input: Tensor,
        hx: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor | None = None,
        b_hh: Tensor | None = None,
    ) -> Tensor:
        """One step: the new hidden state."""
        return step(linear(input, w_ih, b_ih), (hx,), (w_ih, w_hh, b_ih, b_hh))[0]

    return cell


gru_cell = _cell(_gru)
rnn_tanh_cell = _cell(_rnn_tanh)
rnn_relu_cell = _cell(_rnn_relu)
