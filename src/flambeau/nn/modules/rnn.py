"""Recurrent layers: RNN, LSTM, GRU over sequences, and their single steps."""

from __future__ import annotations

import math
import warnings
from typing import Any

from flambeau import ops
from flambeau.nn import functional as F, init
from flambeau.nn.modules.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.nn.utils.rnn import PackedSequence
from flambeau.ops import recurrent
from flambeau.tensor import Tensor

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]


class RNNBase(Module):
    """Recurrent layers one on another, in one direction or both.

    Weights of layer k are ``weight_ih_lk`` (gates * hidden, input), ``weight_hh_lk`` (gates *
    hidden, hidden), ``bias_ih_lk``, ``bias_hh_lk``; those of the backward direction end in
    ``_reverse``. All begin uniform in ``±1 / sqrt(hidden_size)``.
    """

    mode: str
    input_size: int
    hidden_size: int

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for direction in range(2 if bidirectional else 1):
                self._all_weights.append(self._add_weights(layer, direction, device, dtype))
        self.reset_parameters()

    def _check_arguments(self, dropout: Any) -> None:
        if self.mode not in recurrent.CELLS:
            raise ValueError("Unrecognized RNN mode: " + self.mode)
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name in ("input_size", "hidden_size"):
            value = getattr(self, name)
            if not isinstance(value, int):
                raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if self.hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _add_weights(self, layer: int, direction: int, device: Any, dtype: Any) -> list[str]:
        """Register the weights of one layer in one direction; give their names."""
        gates = recurrent.CELLS[self.mode][1] * self.hidden_size
        state = self.proj_size or self.hidden_size
        width = self.input_size if layer == 0 else state * (2 if self.bidirectional else 1)
        shapes = {"weight_ih": (gates, width), "weight_hh": (gates, state)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}  # type: ignore[dict-item]
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        for name, shape in shapes.items():
            value = Parameter(ops.empty(shape, device=device, dtype=dtype))
            self.register_parameter(name + suffix, value)
        return [name + suffix for name in shapes]

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in ``±1 / sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Accepted for PyTorch's sake: there is nothing to rearrange."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def __getstate__(self) -> dict[str, Any]:
        # PyTorch's modules keep their weights in flat lists beside, and miss them otherwise.
        names = [name for names in self._all_weights for name in names]
        weights = [getattr(self, name, None) for name in names]
        return {**self.__dict__, "_flat_weights_names": names, "_flat_weights": weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for flat in ("_flat_weights_names", "_flat_weights"):
            self.__dict__.pop(flat, None)

    def _weights(self, names: list[str]) -> list[Any]:
        """w_ih, w_hh, b_ih, b_hh and, with projections, w_hr."""
        found = {name.rpartition("_l")[0]: getattr(self, name) for name in names}
        four = [found.get(n) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        return four + ([found["weight_hr"]] if self.proj_size else [])

    # The forward pass -----------------------------------------------------------------------

    def _run(self, data: Tensor, sizes: list[int], state: tuple[Tensor, ...]) -> Any:
        """All layers over packed data; ``state`` tensors are (layers * directions, N, size)."""
        directions = 2 if self.bidirectional else 1
        finals: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                index = layer * directions + direction
                first = tuple(x[index] for x in state)
                weights = self._weights(self._all_weights[index])
                output, final = recurrent.scan(
                    self.mode, data, sizes, first, weights, reverse=bool(direction)
                )
                outputs.append(output)
                finals.append(final)
            data = outputs[0] if directions == 1 else ops.cat(outputs, 1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                data = F.dropout(data, self.dropout, True)
        return data, tuple(ops.stack(parts) for parts in zip(*finals, strict=True))

    def _initial(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        count = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size]
        if self.mode == "LSTM":
            sizes.append(self.hidden_size)
        return tuple(ops.zeros(count, batch, n, dtype=like.dtype) for n in sizes)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Outputs of the last layer at every step, and the final states of all layers.

        ``input`` is (L, N, input_size), (N, L, input_size) with ``batch_first``, (L,
        input_size) unbatched, or a PackedSequence; ``hx`` the initial state, zeros if None.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead"
            )
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        length, batch = x.shape[0], x.shape[1]
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {x.shape[-1]}"
            )
        if not length:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        state = self._state(hx, batched, batch, x)
        data, final = self._run(x.reshape(length * batch, -1), [batch] * length, state)
        output = data.reshape(length, batch, -1)
        if not batched:
            output, final = output.squeeze(1), tuple(s.squeeze(1) for s in final)
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, self._as_given(final)

    def _state(self, hx: Any, batched: bool, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        if hx is None:
            return self._initial(batch, like)
        given = hx if self.mode == "LSTM" else (hx,)
        rank = 3 if batched else 2
        for part in given:
            if part.dim() != rank:
                kind = "batched 3-D" if batched else "unbatched 2-D"
                raise RuntimeError(
                    f"For {kind} input, hx should also be {rank}-D but got {part.dim()}-D tensor"
                )
        state = tuple(part if batched else part.unsqueeze(1) for part in given)
        self._check_state(state, batch)
        return state

    def _check_state(self, state: tuple[Tensor, ...], batch: int) -> None:
        expected = [tuple(x.shape) for x in self._initial(batch, state[0])]
        for position, (part, shape) in enumerate(zip(state, expected, strict=True)):
            if tuple(part.shape) != shape:
                name = f"hidden[{position}]" if self.mode == "LSTM" else "hidden"
                raise RuntimeError(f"Expected {name} size {shape}, got {list(part.shape)}")

    def _as_given(self, final: tuple[Tensor, ...]) -> Any:
        return final if self.mode == "LSTM" else final[0]

    def _forward_packed(self, input: PackedSequence, hx: Any) -> Any:
        data, batch_sizes, order, inverse = input
        sizes = batch_sizes.tolist()
        if hx is None:
            state = self._initial(sizes[0], data)
        else:
            state = hx if self.mode == "LSTM" else (hx,)
            self._check_state(state, sizes[0])
            if order is not None:
                state = tuple(x.index_select(1, order) for x in state)
        output, final = self._run(data, sizes, state)
        if inverse is not None:
            final = tuple(x.index_select(1, inverse) for x in final)
        return PackedSequence(output, batch_sizes, order, inverse), self._as_given(final)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.batch_first:
            text += f", batch_first={self.batch_first}"
        if self.dropout:
            text += f", dropout={self.dropout}"
        if self.bidirectional:
            text += f", bidirectional={self.bidirectional}"
        return text


class RNN(RNNBase):
    """Elman's network: ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`` (or relu).

    ``RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True,
    batch_first=False, dropout=0.0, bidirectional=False)``; see RNNBase for shapes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            self.nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{self.nonlinearity.upper()}", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter, Schmidhuber, 1997; with forget gates, Gers, 1999).

    i, f, o = σ(…), g = tanh(…), ``c' = f c + i g``, ``h' = o tanh(c')``.
    ``LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, proj_size=0)``; gives output and ``(h_n, c_n)``. See RNNBase.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014).

    r, z = σ(…), ``n = tanh(x_n + r h_n)``, ``h' = (1 - z) n + z h``.
    ``GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False)``; see RNNBase for shapes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """One step of a recurrent layer."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(ops.empty(gates, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(ops.empty(gates, hidden_size, device=device, dtype=dtype))
        if bias:
            self.bias_ih = Parameter(ops.empty(gates, device=device, dtype=dtype))
            self.bias_hh = Parameter(ops.empty(gates, device=device, dtype=dtype))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in ``±1 / sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _check(self, input: Tensor, states: tuple[Tensor, ...]) -> None:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for state in states:
            if state.dim() not in (1, 2):
                raise ValueError(
                    f"{name}: Expected hidden to be 1D or 2D, got {state.dim()}D instead"
                )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.shape[-1]} "
                f"expected {self.input_size}"
            )

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class RNNCell(RNNCellBase):
    """One step of an RNN: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    nonlinearity: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        tanh = self.nonlinearity == "tanh"
        cell = recurrent.rnn_tanh_cell if tanh else recurrent.rnn_relu_cell
        return _step(self, cell, input, hx)


class GRUCell(RNNCellBase):
    """One step of a GRU: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return _step(self, recurrent.gru_cell, input, hx)


def _step(module: RNNCellBase, cell: Any, input: Tensor, hx: Tensor | None) -> Tensor:
    module._check(input, () if hx is None else (hx,))
    x = input if input.dim() == 2 else input.unsqueeze(0)
    if hx is None:
        hx = ops.zeros(x.shape[0], module.hidden_size, dtype=x.dtype)
    elif input.dim() == 1:
        hx = hx.unsqueeze(0)
    result = cell(x, hx, *module._weights())
    return result if input.dim() == 2 else result.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: input and ``(h, c)`` to the new ``(h, c)``."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        self._check(input, hx or ())
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if hx is None:
            zeros = ops.zeros(x.shape[0], self.hidden_size, dtype=x.dtype)
            hx = (zeros, zeros)
        elif input.dim() == 1:
            hx = (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        hidden, cell = recurrent.lstm_cell(x, hx, *self._weights())
        return (hidden, cell) if input.dim() == 2 else (hidden.squeeze(0), cell.squeeze(0))
