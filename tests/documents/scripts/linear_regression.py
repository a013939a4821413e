"""A line through noisy points, by gradient descent."""

import torch
from torch import nn

torch.manual_seed(3)
x = torch.linspace(-1, 1, 60).reshape(-1, 1)
y = 3 * x - 0.5 + 0.2 * torch.randn(x.size())
print(x.shape, y.mean())

model = nn.Linear(1, 1)
print(model, model.weight, model.bias)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
print(optimizer)

for epoch in range(60):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 10 == 0:
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}")

with torch.no_grad():
    predicted = model(torch.tensor([[0.0], [1.0]]))
print(predicted, predicted.requires_grad)
print(f"slope {model.weight.item():.3f}, intercept {model.bias.item():.3f}")
