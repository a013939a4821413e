"""What passes through a module, seen by hooks; and a hook that changes it."""

import torch
from torch import nn

torch.manual_seed(1)
net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
x = torch.randn(2, 4, requires_grad=True)


def before(module, inputs):
    print("before", module, inputs[0].shape)


def after(module, inputs, output):
    print("after", module, inputs[0].shape, output.shape, output)


def backward(module, grad_input, grad_output):
    print("backward", module, grad_input, grad_output)


handles = [
    net[0].register_forward_pre_hook(before),
    net[0].register_forward_hook(after),
    net[2].register_full_backward_hook(backward),
]
net(x).sum().backward()
for handle in handles:
    handle.remove()

net[1].register_forward_hook(lambda module, inputs, output: output * 0)
print(net(x))

y = torch.ones(3, requires_grad=True)
z = y * 2
handle = z.register_hook(lambda grad: grad * 10)
z.retain_grad()
z.sum().backward()
print(y.grad, z.grad)
handle.remove()
y.register_post_accumulate_grad_hook(lambda p: print("accumulated", p.grad))
(y * 3).sum().backward()
