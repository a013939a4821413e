"""LeNet on random images: its printed form, its parameters, one step of each kind."""

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(7)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


net = LeNet()
print(net)
print(len(list(net.parameters())), sum(p.numel() for p in net.parameters()))
for name, parameter in net.named_parameters():
    print(name, ":", parameter.size(), parameter.dtype, parameter.requires_grad)
print(net.conv1.weight[0])

images = torch.randn(2, 1, 32, 32)
out = net(images)
print(images)
print(out, out.size())

target = torch.arange(0, 20).view(2, 10).float()
loss = nn.MSELoss()(out, target)
print(loss)
print(loss.grad_fn)
print(loss.grad_fn.next_functions[0][0])
print(loss.grad_fn.next_functions[0][0].next_functions[0][0])
print(loss.grad_fn.next_functions[0][0].next_functions[1][0])

print(net.conv1.bias.grad)
loss.backward()
print(net.conv1.bias.grad)
print(net.fc3.weight.grad[:2])
net.zero_grad()
print(net.conv1.bias.grad)

for kind in (optim.SGD, optim.Adam):
    optimizer = kind(net.parameters(), lr=0.01)
    optimizer.zero_grad()
    loss = F.cross_entropy(net(images), torch.tensor([3, 8]))
    loss.backward()
    optimizer.step()
    print(kind.__name__, loss, net.conv1.bias.data)
print(net(images).argmax(dim=1))
