"""Making, printing, indexing, sharing and reshaping tensors."""

import numpy
import torch

torch.manual_seed(11)
print(torch.tensor([[1, -1], [1, -1]]), torch.tensor([1.5, 2]), torch.tensor(True))
print(torch.zeros(2, 3), torch.ones(2, dtype=torch.int64), torch.full((2,), 7.0), torch.eye(2))
print(torch.arange(5), torch.arange(0, 1, 0.25), torch.linspace(0, 1, 4), torch.empty(0))
print(torch.rand(2, 3), torch.randn(4), torch.randint(0, 9, (5,)), torch.randperm(6))
print(torch.tensor([1e-5, 1.0, 1e5]), torch.tensor([float("nan"), float("inf"), 1.0]))
print(torch.tensor([0.1], dtype=torch.float64), torch.tensor([1, 2], dtype=torch.uint8))
print(torch.zeros(1000), torch.arange(40).view(2, 20), torch.rand(2, 0))

x = torch.arange(12).reshape(3, 4)
print(x.shape, x.size(0), x.dim(), x.numel(), x.dtype, x.device, x.stride(), len(x))
print(x[1], x[:, 1], x[-1, -1], x[0:2, ::2], x[..., None].shape, x[x > 6], x[[0, 2], [1, 3]])
print(x.t(), x.view(2, -1), x.permute(1, 0).is_contiguous(), x.flatten(), x.unsqueeze(0).shape)
print(x + torch.tensor([10, 20, 30, 40]), x / 2, x // 2, x % 3, x**2, -x, x == 5, 2 - x)
print((x + 0.5).dtype, (x.float() @ x.t().float()), x.sum(), x.sum(dim=0), x.float().mean(1))
print(x.max(), x.max(dim=1), x.argmax(), x.float().std(), torch.sort(torch.tensor([3, 1, 2])))

view = x[1]
view[:] = 0
x[0, 0] = 100
x[:, 3] += 1
x[x > 50] = -1
print(x, view)
numbers = numpy.array([1.0, 2.0], dtype=numpy.float32)
print(torch.from_numpy(numbers), torch.tensor(numbers).numpy(), x.tolist(), x[0, 1].item())
print(torch.cat([x, x], dim=1).shape, torch.stack([x, x]).shape, x.chunk(2, dim=1)[1])
print(torch.where(x > 5, x, torch.zeros_like(x)), x.clamp(2, 8), x.float().norm())
print(torch.float32, torch.Size([1, 2]), torch.device("cpu"), type(x), x.type())
print(torch.einsum("ij,kj->ik", x.float(), x.float()), torch.equal(x, x.clone()))
print(f"{torch.tensor(3.14159):.2f}", torch.tensor(2.5) * 2, bool(torch.tensor(0)), int(x[0, 1]))
a, b = torch.tensor([1, 2])
print(a, b, [n.item() for n in torch.arange(3)])
