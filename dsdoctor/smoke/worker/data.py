"""Synthetic text: each token follows from the one before, by a rule that can be learned."""

from __future__ import annotations

import torch
from torch import Tensor


def batch(rank: int, number: int, rows: int, sequence: int, vocabulary: int) -> Tensor:
    """Micro batch ``number`` of a step on ``rank``: the same in every step.

    A batch that comes again lets the loss fall with any learning rate, however small.
    """
    generator = torch.Generator().manual_seed(7919 * rank + number)
    first = torch.randint(vocabulary, (rows, 1), generator=generator)
    return (first + 3 * torch.arange(sequence + 1)) % vocabulary
