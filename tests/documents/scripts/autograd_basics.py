"""Gradients: where they come from, where they go, and when there are none."""

import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
print(y, z, out)
print(x.is_leaf, y.is_leaf, x.grad_fn, y.grad_fn is not None, out.requires_grad)
out.backward()
print(x.grad)
(x * 2).sum().backward()
print(x.grad)
x.grad = None

a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
print(torch.autograd.grad((a * b).sum(), [a, b]))
(first,) = torch.autograd.grad((a**3).sum(), a, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), a)
print(first, second)
(a * b).backward(torch.tensor([1.0, 0.1, 0.01]))
print(a.grad, b.grad)

with torch.no_grad():
    print((a * 2).requires_grad)
    a += 1
print(a, a.detach().requires_grad, (a.detach() * 2))
with torch.enable_grad(), torch.no_grad():
    print(torch.is_grad_enabled())


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


cubed = Cube.apply(a)
print(cubed)
a.grad = None
cubed.sum().backward()
print(a.grad)
doubles = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(Cube.apply, (doubles,)))

x = torch.tensor(1.0, requires_grad=True)
for n in range(3):
    x2 = x * 2 if n % 2 else x * 3
    x2.backward()
print(x.grad)
for attempt in (
    lambda: torch.ones(2).sum().backward(),
    lambda: (a * 2).backward(),
    lambda: a.add_(1),
    lambda: a.numpy(),
    lambda: torch.tensor([1, 2], requires_grad=True),
    lambda: (cubed.sum().backward(), cubed.sum().backward()),
):
    try:
        print(attempt())
    except (RuntimeError, TypeError) as error:
        print(type(error).__name__, str(error).split(". ")[0])
