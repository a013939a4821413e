"""Datasets, loaders, samplers: what comes, and in which order."""

import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, random_split

torch.manual_seed(10)


class Squares(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index >= self.count:
            raise IndexError
        return {"number": torch.tensor(float(index)), "square": index**2, "name": f"n{index}"}


squares = Squares(10)
print(len(squares), squares[3])
for batch in DataLoader(squares, batch_size=4):
    print(batch)
for batch in DataLoader(squares, batch_size=4, shuffle=True, drop_last=True):
    print(batch["square"])

pairs = TensorDataset(torch.arange(12.0).view(6, 2), torch.arange(6))
loader = DataLoader(pairs, batch_size=2, shuffle=True, generator=torch.Generator().manual_seed(4))
print(len(loader), pairs[2])
for epoch in range(2):
    print(epoch, [labels.tolist() for _, labels in loader])
train, test = random_split(pairs, [4, 2], generator=torch.Generator().manual_seed(1))
print(train.indices, test.indices)
both = ConcatDataset([Subset(pairs, [5, 1]), pairs])
print(len(both), both[0], both[2])
weights = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]
sampler = torch.utils.data.WeightedRandomSampler(weights, num_samples=5)
print([label.item() for _, label in DataLoader(pairs, batch_size=None, sampler=sampler)])
pairs_of_two = DataLoader(pairs, batch_size=3, collate_fn=lambda items: [int(y) for _, y in items])
print(list(pairs_of_two))
