"""Attention: scaled dot products, and the many-headed form that Transformers use."""

from __future__ import annotations

import math
from typing import Any

from flambeau.ir import dtypes
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops.creation import full, ones, zeros
from flambeau.ops.dropouts import dropout
from flambeau.ops.joining import cat
from flambeau.ops.products import linear, matmul
from flambeau.ops.shape import chunk, reshape, transpose
from flambeau.tensor import Tensor

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

FUNCTIONAL = ("nn.functional",)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 4), f(2, 5, 4), f(2, 5, 6)",
        "f(2, 2, 3, 4), f(2, 2, 3, 4), f(2, 2, 3, 4), is_causal=True",
        "f(2, 3, 4), f(2, 5, 4), f(2, 5, 4), f(3, 5), scale=0.3",
        "f(2, 3, 4), f(2, 3, 4), f(2, 3, 4), torch.tensor([[True, False, True]] * 3)",
        "f(1, 4, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), enable_gqa=True",
    ),
)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(q kᵀ / sqrt(E) + mask) v`` (Vaswani et al., 2017).

    (…, L, E), (…, S, E), (…, S, V) to (…, L, V). A bool mask says where to attend; a float one
    is added. ``is_causal`` masks what comes later; ``enable_gqa`` lets groups of query heads
    share a key and value head.
    """
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(times, -3)
        value = value.repeat_interleave(times, -3)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(query * scale, transpose(key, -2, -1))
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True")
        attn_mask = ones(scores.shape[-2:], dtype=dtypes.bool_).tril()
    weights = _masked(scores, attn_mask).softmax(-1)
    if attn_mask is not None and attn_mask.dtype is dtypes.bool_:
        # A query that may attend to nothing gets zeros, not nan.
        weights = weights.masked_fill((~attn_mask).all(-1, keepdim=True), 0)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p, True)
    return matmul(weights, value)


def _masked(scores: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return scores
    if mask.dtype is dtypes.bool_:
        return scores.masked_fill(~mask, float("-inf"))
    return scores + mask


def _as_addend(mask: Tensor | None, dtype: Any) -> Tensor | None:
    """A mask of PyTorch's nn form (True: do not attend) as numbers to add to the scores."""
    if mask is None or mask.dtype is not dtypes.bool_:
        return mask
    return zeros(mask.shape, dtype=dtype).masked_fill(mask, float("-inf"))


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(3, 2, 4), f(5, 2, 4), f(5, 2, 4), 4, 2, f(12, 4), f(12), None, None, False, 0.0, "
        "f(4, 4), f(4)",
        "f(3, 2, 4), f(3, 2, 4), f(3, 2, 4), 4, 2, f(12, 4), f(12), f(1, 1, 4), f(1, 1, 4), True, "
        "0.0, f(4, 4), f(4), average_attn_weights=False",
    ),
)
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads side by side, with projections before and after.

    (L, N, E), (S, N, E), (S, N, E) (or without N) to (L, N, E), and the weights (N, L, S),
    averaged over the heads unless told otherwise, if they are needed.
    """
    batched = query.ndim == 3
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query "
            "tensor"
        )
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    _check_widths(width, embed_dim_to_check, num_heads, key, value, use_separate_proj_weight)
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if use_separate_proj_weight:
        weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        weights = chunk(in_proj_weight, 3)  # type: ignore[arg-type]
    biases: Any = (None,) * 3 if in_proj_bias is None else chunk(in_proj_bias, 3)
    q, k, v = (
        linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    if bias_k is not None and bias_v is not None:
        k = cat([k, bias_k.repeat(1, batch, 1)])
        v = cat([v, bias_v.repeat(1, batch, 1)])
        attn_mask, key_padding_mask = _widened(attn_mask), _widened(key_padding_mask)
    head = width // num_heads
    q = transpose(reshape(q, (length, batch * num_heads, head)), 0, 1)
    k = _heads(k, batch * num_heads, head) if static_k is None else static_k
    v = _heads(v, batch * num_heads, head) if static_v is None else static_v
    if add_zero_attn:
        blank = zeros(batch * num_heads, 1, head, dtype=k.dtype)
        k, v = cat([k, blank], 1), cat([v, blank], 1)
        attn_mask, key_padding_mask = _widened(attn_mask), _widened(key_padding_mask)
    mask = _joint_mask(attn_mask, key_padding_mask, (batch, num_heads, length, k.shape[1]), q.dtype)
    scores = matmul(q * (1 / math.sqrt(head)), transpose(k, 1, 2))
    attention = (scores if mask is None else scores + mask).softmax(-1)
    if dropout_p > 0 and training:
        attention = dropout(attention, dropout_p, True)
    mixed = reshape(transpose(matmul(attention, v), 0, 1), (length * batch, width))
    output = reshape(linear(mixed, out_proj_weight, out_proj_bias), (length, batch, -1))
    if not batched:
        output = output.squeeze(1)
    if not need_weights:
        return output, None
    shown = reshape(attention, (batch, num_heads, length, -1))
    shown = shown.mean(1) if average_attn_weights else shown
    return output, shown if batched else shown.squeeze(0)


def _check_widths(
    width: int, expected: int, heads: int, key: Tensor, value: Tensor, separate: bool
) -> None:
    if width != expected:
        raise AssertionError(f"was expecting embedding dimension of {expected}, but got {width}")
    if width // heads * heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {heads}")
    if separate:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's "
                f"{value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _heads(x: Tensor, count: int, head: int) -> Tensor:
    return transpose(reshape(x, (x.shape[0], count, head)), 0, 1)


def _widened(mask: Tensor | None) -> Tensor | None:
    """A mask with one more column, which is not masked."""
    if mask is None:
        return None
    return cat([mask, full((*mask.shape[:-1], 1), False, dtype=mask.dtype)], -1)


def _joint_mask(
    attn_mask: Tensor | None,
    key_padding_mask: Tensor | None,
    sizes: tuple[int, int, int, int],
    dtype: Any,
) -> Tensor | None:
    """Both masks as one to add to the scores, (N * heads, L, S) or broadcast to it."""
    batch, heads, length, source = sizes
    if attn_mask is not None:
        allowed = ((length, source), (batch * heads, length, source))
        if tuple(attn_mask.shape) not in allowed:
            expected = allowed[min(max(attn_mask.ndim - 2, 0), 1)]
            raise RuntimeError(
                f"The shape of the {attn_mask.ndim}D attn_mask is {tuple(attn_mask.shape)}, but "
                f"should be {expected}."
            )
        attn_mask = cast(_as_addend(attn_mask, dtype), dtype)  # type: ignore[arg-type]
    if key_padding_mask is None:
        return attn_mask
    if tuple(key_padding_mask.shape) != (batch, source):
        raise AssertionError(
            f"expecting key_padding_mask shape of {(batch, source)}, but got "
            f"{key_padding_mask.shape}"
        )
    padding = _as_addend(key_padding_mask, dtype)
    assert padding is not None
    padding = reshape(padding, (batch, 1, 1, source)).expand(-1, heads, -1, -1)
    padding = reshape(padding, (batch * heads, 1, source))
    return padding if attn_mask is None else attn_mask + padding
