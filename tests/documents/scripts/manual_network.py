"""A network of two layers without nn: gradients by hand, then by autograd, and they agree."""

import torch

torch.manual_seed(0)
inputs, hidden, outputs = 30, 12, 4
x, y = torch.randn(20, inputs), torch.randn(20, outputs)
start = torch.randn(inputs, hidden) * 0.1, torch.randn(hidden, outputs) * 0.1

w1, w2 = (w.clone() for w in start)
for step in range(5):
    h = x.mm(w1)
    active = h.clamp(min=0)
    difference = active.mm(w2) - y
    print(f"by hand, step {step}: {difference.pow(2).sum().item():.3f}")
    grad_y = 2 * difference
    grad_h = grad_y.mm(w2.t())
    grad_h[h < 0] = 0
    w1 -= 1e-3 * x.t().mm(grad_h)
    w2 -= 1e-3 * active.t().mm(grad_y)

v1, v2 = (w.clone().requires_grad_() for w in start)
for step in range(5):
    loss = (x.mm(v1).clamp(min=0).mm(v2) - y).pow(2).sum()
    print(f"autograd, step {step}: {loss.item():.3f}", loss.grad_fn is not None)
    loss.backward()
    with torch.no_grad():
        v1 -= 1e-3 * v1.grad
        v2 -= 1e-3 * v2.grad
    v1.grad.zero_()
    v2.grad = None

print(torch.allclose(w1, v1, atol=1e-5), torch.allclose(w2, v2, atol=1e-5))
print(v2[:2], v1.is_leaf, v1.grad.abs().sum())
