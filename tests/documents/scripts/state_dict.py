"""Saving a model and loading it again, whole and in parts."""

import io

import torch
from torch import nn

torch.manual_seed(2)


def make():
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 1))


net = make()
net(torch.randn(5, 3))
state = net.state_dict()
for name, value in state.items():
    print(name, tuple(value.shape), value.dtype, value.requires_grad)
print(state["1.running_mean"], state["1.num_batches_tracked"])

file = io.BytesIO()
torch.save(state, file)
file.seek(0)
other = make()
print(other.load_state_dict(torch.load(file)))
x = torch.randn(2, 3)
net.eval()
other.eval()
print(torch.equal(net(x), other(x)), net.training)

optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
net(x).sum().backward()
optimizer.step()
checkpoint = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
file = io.BytesIO()
torch.save(checkpoint, file)
file.seek(0)
loaded = torch.load(file, weights_only=True)
print(list(loaded), loaded["epoch"], loaded["optimizer"]["param_groups"][0]["lr"])
print(loaded["optimizer"]["state"][0])
optimizer.load_state_dict(loaded["optimizer"])

for change in ({"0.weight": torch.zeros(1)}, {"extra": torch.zeros(1)}):
    try:
        make().load_state_dict({**make().state_dict(), **change})
    except RuntimeError as error:
        print(error)
part = {"0.weight": torch.ones(2, 3)}
print(other.load_state_dict(part, strict=False))
print(other[0].weight)
