"""A small GPT in plain torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

Recompute = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        batch, sequence, hidden = x.shape
        qkv = self.qkv(x).view(batch, sequence, 3, self.heads, hidden // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, sequence, hidden))


class Block(nn.Module):
    """Attention and a feed-forward layer, each with a norm before and a residual around."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden)
        self.attention = Attention(hidden, heads)
        self.norm2 = nn.LayerNorm(hidden)
        self.up = nn.Linear(hidden, 4 * hidden)
        self.down = nn.Linear(4 * hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """Token and position embeddings, blocks, a head; returns the loss of the next token.

    ``recompute`` is called in place of each block where activations are checkpointed.
    """

    def __init__(self, size: dict[str, Any], recompute: Recompute | None = None) -> None:
        super().__init__()
        hidden = size["hidden"]
        self.recompute = recompute
        self.tokens = nn.Embedding(size["vocabulary"], hidden)
        self.positions = nn.Embedding(size["sequence"], hidden)
        self.blocks = nn.ModuleList(Block(hidden, size["heads"]) for _ in range(size["layers"]))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, size["vocabulary"], bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        places = torch.arange(inputs.shape[1], device=tokens.device)
        x = self.tokens(inputs) + self.positions(places)
        for block in self.blocks:
            x = self.recompute(block, x) if self.recompute else block(x)
        logits = self.head(self.norm(x))
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
