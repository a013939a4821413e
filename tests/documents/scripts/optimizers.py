"""The optimizers on one small bowl, and schedules of the learning rate."""

import torch
from torch import optim

SCALES = torch.tensor([1.0, 4.0])
KINDS = [
    (optim.SGD, {"lr": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (optim.Adam, {"lr": 0.1}),
    (optim.Adam, {"lr": 0.1, "amsgrad": True}),
    (optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}),
    (optim.RMSprop, {"lr": 0.05}),
    (optim.Adagrad, {"lr": 0.5}),
    (optim.Adadelta, {"lr": 1.0}),
    (optim.Adamax, {"lr": 0.1}),
    (optim.NAdam, {"lr": 0.1}),
    (optim.RAdam, {"lr": 0.1}),
]


def descend(kind, options, steps=8):
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    optimizer = kind([x], **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (SCALES * x**2).sum()
        loss.backward()
        optimizer.step()
    return x, loss


for kind, options in KINDS:
    x, loss = descend(kind, options)
    print(kind.__name__, options, x.data, f"{loss.item():.4f}")

x = torch.zeros(1, requires_grad=True)
y = torch.zeros(2, requires_grad=True)
optimizer = optim.SGD([{"params": [x]}, {"params": [y], "lr": 0.5}], lr=0.1)
print(optimizer)
schedules = [
    optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5),
    optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
    optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4),
    optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (epoch + 1)),
]
for schedule in schedules:
    rates = []
    for _ in range(4):
        optimizer.step()
        schedule.step()
        rates.append([f"{rate:.5f}" for rate in schedule.get_last_lr()])
    print(type(schedule).__name__, rates)

z = torch.tensor([4.0], requires_grad=True)
optimizer = optim.LBFGS([z], lr=0.5)


def closure():
    optimizer.zero_grad()
    loss = (z - 1) ** 2
    loss.backward()
    return loss


for _ in range(3):
    optimizer.step(closure)
print(z.data)
for options in ({"lr": -1}, {"lr": 0.1, "momentum": -1}):
    try:
        optim.SGD([x], **options)
    except ValueError as error:
        print(error)
