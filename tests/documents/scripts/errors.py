"""What is said when shapes, types and arguments do not fit."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(12)
x = torch.ones(2, 3)
attempts = {
    "matmul": lambda: x @ x,
    "add": lambda: x + torch.ones(2, 4),
    "view": lambda: x.view(4, 2),
    "view of a transpose": lambda: x.t().view(6),
    "index": lambda: x[2],
    "dimension": lambda: x.sum(dim=2),
    "cat": lambda: torch.cat([x, torch.ones(3, 4)]),
    "stack": lambda: torch.stack([x, torch.ones(3)]),
    "expand": lambda: x.expand(4, 3),
    "truth": lambda: bool(x),
    "item": lambda: x.item(),
    "dtype": lambda: x @ torch.ones(3, 2, dtype=torch.int64),
    "squeeze": lambda: x.squeeze(5),
    "linear": lambda: nn.Linear(4, 2)(x),
    "conv": lambda: nn.Conv2d(1, 2, 3)(torch.ones(1, 3, 8, 8)),
    "target range": lambda: F.cross_entropy(x, torch.tensor([0, 3])),
    "target batch": lambda: F.cross_entropy(x, torch.tensor([0])),
    "module": lambda: nn.Linear(2, 2).no_such,
    "attribute": lambda: x.no_such,
    "torch": lambda: torch.no_such,
    "forward": lambda: nn.Module()(x),
    "empty optimizer": lambda: torch.optim.SGD([], lr=0.1),
    "no call to super": lambda: NoSuper(),
    "parameter type": lambda: assign_parameter(),
}


class NoSuper(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(1, 1)


def assign_parameter():
    layer = nn.Linear(2, 2)
    layer.weight = torch.ones(2, 2)


for name, attempt in attempts.items():
    try:
        print(name, "gave", attempt())
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
