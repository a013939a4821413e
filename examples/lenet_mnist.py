"""LeNet learns to read handwritten digits.

    python examples/lenet_mnist.py                 with the 10,000 digits that come along
    python examples/lenet_mnist.py --data DIR      with a folder of MNIST's own files

Writes a checkpoint, the curves of loss and accuracy, and a grid of predictions. It runs
with PyTorch as well: change the import of flambeau.
"""

import argparse
from pathlib import Path

import digits
import pictures
from tqdm import tqdm

import flambeau as torch

nn, F = torch.nn, torch.nn.functional


class LeNet(nn.Module):
    """LeCun et al., Gradient-based learning applied to document recognition, 1998."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def train(model, loader, optimizer, title):
    """Go through the training images once; return the mean loss and the accuracy."""
    model.train()
    total, right, seen = 0.0, 0, 0
    progress = tqdm(loader, desc=title, unit="batch")
    for images, labels in progress:
        optimizer.zero_grad()
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()

        total += loss.item() * len(labels)
        right += (logits.argmax(dim=1) == labels).sum().item()
        seen += len(labels)
        status = f"loss {total / seen:.3f}, accuracy {right / seen:.1%}"
        progress.set_postfix_str(status, refresh=seen == len(loader.dataset))
    return total / seen, right / seen


@torch.no_grad()
def evaluate(model, images, labels):
    """Return the mean loss, the accuracy, and what the model reads in each image."""
    model.eval()
    logits = torch.cat([model(batch) for batch in images.split(250)])
    predictions = logits.argmax(dim=1)
    accuracy = (predictions == labels).float().mean().item()
    return F.cross_entropy(logits, labels).item(), accuracy, predictions


def read_options():
    parser = argparse.ArgumentParser(description="Train LeNet on handwritten digits.")
    parser.add_argument("--data", type=Path, default=digits.FOLDER, help="MNIST's files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    options = parser.parse_args()
    if min(options.epochs, options.batch_size) < 1:
        parser.error("--epochs and --batch-size must be at least 1")
    return options


def main():
    options = read_options()
    torch.manual_seed(options.seed)
    pixels, truth, count = digits.load(options.data)
    images = (torch.tensor(pixels).unsqueeze(1) / 255 - 0.1307) / 0.3081
    labels = torch.tensor(truth).long()
    dataset = torch.utils.data.TensorDataset(images[:count], labels[:count])
    loader = torch.utils.data.DataLoader(dataset, options.batch_size, shuffle=True)

    model = LeNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    weights = sum(p.numel() for p in model.parameters())
    print(f"{count:,} digits to learn from, {len(labels) - count:,} held out, {weights:,} weights")

    history = []
    for epoch in range(1, options.epochs + 1):
        learned = train(model, loader, optimizer, f"epoch {epoch}/{options.epochs}")
        loss, accuracy, predictions = evaluate(model, images[count:], labels[count:])
        history.append((*learned, loss, accuracy))
        print(f"held-out digits: loss {loss:.3f}, accuracy {accuracy:.1%}")

    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint, curves, grid = (
        options.output / name for name in ("lenet.pt", "curves.png", "predictions.png")
    )
    torch.save(model.state_dict(), checkpoint)
    pictures.draw_curves(history, curves)
    pictures.draw_predictions(pixels[count:], truth[count:], predictions.numpy(), grid)
    print(f"wrote {checkpoint}, {curves} and {grid}")


if __name__ == "__main__":
    main()
