"""Layers of one's own: without parameters, with parameters, with buffers, with control flow."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(6)


class Centered(nn.Module):
    def forward(self, x):
        return x - x.mean()


class Dense(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)

    def forward(self, x):
        self.calls += 1
        return F.relu(torch.matmul(x, self.weight) + self.bias)

    def extra_repr(self):
        return f"{self.weight.shape[0]} -> {self.weight.shape[1]}"


class Halving(nn.Module):
    def __init__(self):
        super().__init__()
        self.fixed = torch.rand((4, 4), requires_grad=False)
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        x = self.linear(F.relu(torch.mm(self.linear(x), self.fixed + 1)))
        while x.abs().sum() > 1:
            x /= 2
        return x.sum()


class Chain(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            self._modules[str(number)] = layer

    def forward(self, x):
        for layer in self._modules.values():
            x = layer(x)
        return x


print(Centered()(torch.FloatTensor([1, 2, 3, 4, 5])))
dense = Dense(5, 3)
print(dense, dense.weight)
print(dense(torch.rand(2, 5)), dense(torch.ones(1, 5)), dense.calls)
print(list(dense.state_dict()), [name for name, _ in dense.named_buffers()])
print(Halving()(torch.rand(2, 4)))
net = Chain(Dense(6, 4), Centered(), nn.Linear(4, 4), Halving())
print(net)
net(torch.rand(3, 6)).backward()
print([(name, p.grad.shape) for name, p in net.named_parameters()])


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(1) * n) for n in range(3)])
        self.missing = None

    def forward(self, x):
        return sum(scale * x**power for power, scale in enumerate(self.scales))


weighted = Weighted()
print(weighted, weighted(torch.tensor([1.0, 2.0])))
try:
    weighted.no_such
except AttributeError as error:
    print(error)
