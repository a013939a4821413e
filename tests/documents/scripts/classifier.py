"""A classifier with dropout and batch normalisation: training, evaluation, prediction."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
centers = torch.randn(3, 6) * 2
labels = torch.arange(90) % 3
points = centers[labels] + torch.randn(90, 6)
train = DataLoader(TensorDataset(points[:60], labels[:60]), batch_size=16, shuffle=True)

model = nn.Sequential(
    nn.Linear(6, 16, bias=False),  # what follows takes a bias away again
    nn.BatchNorm1d(16),
    nn.ReLU(),
    nn.Dropout(0.2),
    nn.Linear(16, 3),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
criterion = nn.CrossEntropyLoss()

for epoch in range(4):
    model.train()
    total, right = 0.0, 0
    for batch, target in train:
        optimizer.zero_grad()
        logits = model(batch)
        loss = criterion(logits, target)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        total += loss.item() * len(batch)
        right += (logits.argmax(1) == target).sum().item()
    scheduler.step()
    rate = scheduler.get_last_lr()[0]
    print(f"epoch {epoch}: loss {total / 60:.3f}, right {right}/60, norm {norm:.2f}, rate {rate}")

model.eval()
with torch.no_grad():
    probabilities = nn.Softmax(dim=1)(model(points[60:]))
print(probabilities[:4])
print((probabilities.argmax(dim=1) == labels[60:]).float().mean())
print(model[1].running_mean[:3], model[1].num_batches_tracked)
