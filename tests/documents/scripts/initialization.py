"""Filling parameters: nn.init, apply, writing to .data, sharing."""

import torch
from torch import nn

torch.manual_seed(5)


def normal(m):
    if type(m) is nn.Linear:
        nn.init.normal_(m.weight, mean=0, std=0.01)
        nn.init.zeros_(m.bias)


def xavier(m):
    if isinstance(m, nn.Linear):
        print("init", *[(name, p.shape) for name, p in m.named_parameters()])
        nn.init.xavier_uniform_(m.weight)


net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
print(net.apply(normal)[0].weight.data[0], net[0].bias.data[:3])
net[0].apply(xavier)
print(net[0].weight[:2])
nn.init.constant_(net[2].weight, 42)
print(net[2].weight)
nn.init.uniform_(net[0].weight, -10, 10)
net[0].weight.data *= net[0].weight.data.abs() >= 5
print(net[0].weight[:3])
net[0].weight.data[:] += 1
net[0].weight.data[0, 0] = 42
print(net[0].weight.data[0], net[0].weight.requires_grad)

weight = torch.empty(3, 5)
for fill in (nn.init.kaiming_normal_, nn.init.kaiming_uniform_, nn.init.xavier_normal_):
    print(fill.__name__, fill(weight))
print(nn.init.eye_(weight))
print(nn.init.calculate_gain("relu"), nn.init.trunc_normal_(weight).abs().max() <= 2)

shared = nn.Linear(8, 8)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.Linear(8, 1))
print(net[2].weight is net[4].weight, len(list(net.parameters())))
net[2].weight.data[0, 0] = 100
print(net[4].weight.data[0])
