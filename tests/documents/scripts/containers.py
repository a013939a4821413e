"""Modules in modules: how they are printed, found, changed and walked through."""

from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(8)


def block():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU())


net = nn.Sequential()
for i in range(2):
    net.add_module(f"block{i}", block())
whole = nn.Sequential(net, nn.Linear(4, 1))
print(whole)
print(whole(torch.rand(2, 4)))
print(whole[0][1][0].bias.data, len(whole), whole[-1])

named = nn.Sequential(
    OrderedDict(
        [("conv", nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False)), ("relu", nn.ReLU())]
    )
)
print(named, named.conv.weight.shape)
print([name for name, _ in whole.named_modules()])
print([type(m).__name__ for m in whole.children()])
print(*[(name, p.shape) for name, p in whole[0].block0.named_parameters()])
print(whole.state_dict()["1.bias"].data, whole.get_submodule("0.block1.2"))

layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
layers.append(nn.Dropout(0.25))
print(layers, len(layers), layers[1:3])
table = nn.ModuleDict({"up": nn.Linear(2, 3), "act": nn.LeakyReLU(0.1)})
table["norm"] = nn.LayerNorm(3)
print(table, list(table.keys()), "up" in table)

whole.requires_grad_(False)
print([p.requires_grad for p in whole.parameters()][:2], whole.training, whole.eval().training)
print(type(net[0][0].bias), nn.Linear, whole.half()[1].weight.dtype, whole.double()[1].weight.dtype)
print(nn.Embedding(10, 3, padding_idx=0), nn.GRU(4, 5, num_layers=2, batch_first=True))
print(nn.BatchNorm2d(3), nn.MaxPool2d(2), nn.Flatten(), nn.Softmax(dim=1), nn.GELU())
print(nn.CrossEntropyLoss(), nn.Identity(), nn.Conv1d(2, 4, 3, dilation=2, groups=2))
print(nn.TransformerEncoderLayer(8, 2, 16))
