"""GPT-2's hidden states where a policy needs them: transformers' numbers, with less work.

The last block's feed-forward is computed only where a hidden state is asked for: on the responses.
Sampling keeps keys and values in tensors that are allocated once. tests/unit/test_gpt2.py holds all
of it to transformers' own forward pass.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention
from transformers import GPT2LMHeadModel, PreTrainedModel
from transformers.models.gpt2.modeling_gpt2 import GPT2Block
from transformers.pytorch_utils import Conv1D


def is_plain_gpt2(model: PreTrainedModel) -> bool:
    """Return whether this module knows the model: GPT-2 with its usual attention."""
    if type(model) is not GPT2LMHeadModel:
        return False
    config = model.config
    unusual = (
        config.scale_attn_by_inverse_layer_idx,
        config.reorder_and_upcast_attn,
        config.add_cross_attention,
        not config.scale_attn_weights,
    )
    return not any(unusual)


def hidden_states(model: GPT2LMHeadModel, tokens: Tensor, mask: Tensor, first: int) -> Tensor:
    """Return the last hidden states (B, T - first, H) of tokens (B, T), from a column on.

    mask: (B, T), 1 on tokens that count; 0 on padding on the left, and behind a response's end,
    where what is returned has no meaning.
    """
    trunk, length = model.transformer, tokens.shape[1]
    padding = (1 - mask[:, : first + 1]).sum(1, keepdim=True)
    columns = torch.arange(length, device=tokens.device)
    wanted = None  # which rows of (B * T, H) stand on the columns that are asked for
    if padding.any():
        # With padding behind the text no token sees it: the causal mask, which is fast, is enough.
        tokens = tokens.gather(1, (columns + padding) % length)
        starts = length * torch.arange(len(tokens), device=tokens.device)[:, None]
        wanted = (starts + columns[first:] - padding).flatten()
    states = trunk.wte(tokens) + trunk.wpe.weight[:length]
    for block in trunk.h[:-1]:
        states = _rest(block, states, _mixed(block, states))
    late = (_at(part, first, wanted) for part in (states, _mixed(trunk.h[-1], states)))
    return trunk.ln_f(_rest(trunk.h[-1], *late))


def _at(states: Tensor, first: int, wanted: Tensor | None) -> Tensor:
    """Return the states (B, T - first, H) on the columns that are asked for."""
    if wanted is None:
        return states[:, first:].contiguous()
    rows = states.flatten(0, 1).index_select(0, wanted)
    return rows.view(len(states), -1, states.shape[2])


def _mixed(block: GPT2Block, states: Tensor) -> Tensor:
    """Return what attention mixes of states (B, T, H), each column of those up to it."""
    attention = block.attn
    parts = attention.c_attn(block.ln_1(states)).split(attention.embed_dim, 2)
    heads = (_by_head(part, attention.num_heads) for part in parts)
    return scaled_dot_product_attention(*heads, is_causal=True).transpose(1, 2).flatten(2)


def _by_head(states: Tensor, heads: int) -> Tensor:
    """Return states (B, T, H) by attention head, (B, heads, T, H / heads)."""
    return states.unflatten(2, (heads, -1)).transpose(1, 2)


def _rest(block: GPT2Block, states: Tensor, mixed: Tensor) -> Tensor:
    """Return what a block makes of its input and of what attention mixed, (B, T, H)."""
    states = states + block.attn.c_proj(mixed)
    return states + block.mlp(block.ln_2(states))


class Decoder:
    """Hidden states (B, H) of the last token, as tokens are added to prompts one by one.

    A row is one token: without a column for time, products are of plain matrices.
    """

    def __init__(self, model: GPT2LMHeadModel, tokens: Tensor, mask: Tensor, length: int) -> None:
        """tokens, mask: prompts (B, P), padded on the left; length: of the responses, at most."""
        self.trunk = model.transformer
        self.count = tokens.shape[1]
        self.positions = mask.sum(1)
        self.seen = None
        if not mask.all():
            room = mask.new_ones(len(mask), length)
            self.seen = torch.cat([mask, room], 1)[:, None, None].bool()
        self.kept: list[Tensor] = []  # by block, keys and values: (2, B, heads, P + length, d)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        states = self.trunk.wte(tokens) + self.trunk.wpe(positions)
        # A token sees those before it, and itself, also where it is padding.
        square = torch.ones(2 * mask.shape[1:], dtype=torch.bool, device=mask.device)
        allowed = (square.tril() & mask[:, None, None].bool()) | square.diag().diag()
        for block in self.trunk.h:
            heads = block.attn.num_heads
            parts = block.attn.c_attn(block.ln_1(states)).split(block.attn.embed_dim, 2)
            queries, keys, values = (_by_head(part, heads) for part in parts)
            size = (2, *keys.shape[:2], self.count + length, keys.shape[3])
            kept = keys.new_empty(size)
            kept[0, :, :, : self.count], kept[1, :, :, : self.count] = keys, values
            self.kept.append(kept)
            mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
            states = _rest(block, states, mixed.transpose(1, 2).flatten(2))
        self.last = self.trunk.ln_f(states[:, -1])

    def add(self, tokens: Tensor) -> None:
        """Add a token (B,) to every row."""
        trunk, count = self.trunk, self.count + 1
        states = trunk.wte.weight[tokens] + trunk.wpe.weight[self.positions]
        self.positions, self.count = self.positions + 1, count
        seen = None if self.seen is None else self.seen[..., :count]
        for block, kept in zip(trunk.h, self.kept, strict=True):
            attention, width = block.attn, block.attn.embed_dim
            parts = _product(attention.c_attn, _normed(block.ln_1, states))
            parts = parts.view(len(tokens), 3, attention.num_heads, -1)
            kept[:, :, :, count - 1] = parts[:, 1:].transpose(0, 1)
            keys, values = kept[:, :, :, :count].unbind(0)
            mixed = scaled_dot_product_attention(
                parts[:, 0].unsqueeze(2), keys, values, attn_mask=seen
            )
            states = states + _product(attention.c_proj, mixed.reshape(-1, width))
            inner = block.mlp.act(_product(block.mlp.c_fc, _normed(block.ln_2, states)))
            states = states + _product(block.mlp.c_proj, inner)
        self.last = _normed(trunk.ln_f, states)


def _product(layer: Conv1D, states: Tensor) -> Tensor:
    """Return what a layer makes of states (B, H)."""
    return torch.addmm(layer.bias, states, layer.weight)


def _normed(layer: nn.LayerNorm, states: Tensor) -> Tensor:
    return layer_norm(states, layer.normalized_shape, layer.weight, layer.bias, layer.eps)
