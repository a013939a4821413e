"""The functions of nn.functional that a first course uses."""

import torch
import torch.nn.functional as F

torch.manual_seed(9)
x = torch.randn(2, 3)
print(x)
for name in ("relu", "sigmoid", "tanh", "softplus", "silu", "gelu", "elu", "leaky_relu", "selu"):
    print(name, getattr(F, name)(x))
print(F.softmax(x, dim=1), F.softmax(x, dim=1).sum(dim=1))
print(F.log_softmax(torch.Tensor([[5, 2, -1, 3], [0, -2, -3, -2]]), dim=1))

images = torch.randn(1, 3, 8, 8)
weight = torch.randn(2, 3, 3, 3)
print(F.conv2d(images, weight).shape, F.conv2d(images, weight, stride=2, padding=1)[0, 0])
print(F.max_pool2d(images, kernel_size=4), F.avg_pool2d(images, 4))
print(F.adaptive_avg_pool2d(images, 1).flatten())
print(F.pad(torch.ones(1, 2), (1, 2)), F.interpolate(images, scale_factor=2).shape)

logits = torch.randn(4, 5)
classes = torch.randint(0, 5, (4,))
print(classes, F.cross_entropy(logits, classes), F.nll_loss(F.log_softmax(logits, 1), classes))
print(F.cross_entropy(logits, classes, reduction="none", label_smoothing=0.1))
print(F.mse_loss(logits, torch.zeros(4, 5)), F.l1_loss(logits, torch.ones(4, 5)))
print(F.binary_cross_entropy_with_logits(logits, torch.ones(4, 5)), F.smooth_l1_loss(x, x + 2))
print(F.one_hot(classes, 5), F.cosine_similarity(x[0], x[1], dim=0))

print(F.linear(x, torch.ones(2, 3), torch.tensor([1.0, 2.0])))
print(F.layer_norm(x, (3,)), F.normalize(x))
print(F.batch_norm(x, torch.zeros(3), torch.ones(3)), F.batch_norm(x, None, None, training=True))
print(F.dropout(torch.ones(3, 4), 0.5), F.dropout(torch.ones(3, 4), 0.5, training=False))
print(F.embedding(torch.tensor([[1, 0]]), torch.arange(6.0).view(3, 2)))
