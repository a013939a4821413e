"""A Transformer learns to sort: it reads digits and writes them in order.

    python examples/transformer.py

The model sees the digits, a mark, and the sorted digits so far, and predicts the next one. It
runs with PyTorch as well: change the import of flambeau.
"""

import argparse

import flambeau as torch

nn, F = torch.nn, torch.nn.functional

MARK = 10  # the eleventh word: "now in order"


class Sorter(nn.Module):
    """Vaswani et al., Attention is all you need, 2017: the causal half of it."""

    def __init__(self, length, width, layers):
        super().__init__()
        self.words = nn.Embedding(11, width)
        self.places = nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=4 * width, dropout=0.0, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        length = x.size(1)
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        x = self.words(x) + self.places(torch.arange(length))
        return self.head(self.encoder(x, mask=mask, is_causal=True))


def examples(count, digits):
    """Return what the model sees, and what it is to write after the mark."""
    numbers = torch.randint(10, (count, digits))
    ordered, _ = numbers.sort(dim=1)
    marks = torch.full((count, 1), MARK)
    return torch.cat([numbers, marks, ordered[:, :-1]], dim=1), ordered


def train(model, options):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, options.steps)
    for step in range(1, options.steps + 1):
        inputs, answers = examples(options.batch_size, options.digits)
        logits = model(inputs)[:, options.digits :]
        loss = F.cross_entropy(logits.flatten(0, 1), answers.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % options.every == 0 or step == options.steps:
            print(f"step {step}: loss {loss.item():.3f}")


@torch.no_grad()
def sort(model, numbers):
    """Let the model write, one digit after another, each row of ``numbers`` in order."""
    model.eval()
    count, digits = numbers.shape
    words = torch.cat([numbers, torch.full((count, 1), MARK)], dim=1)
    for _ in range(digits):
        following = model(words)[:, -1].argmax(dim=1, keepdim=True)
        words = torch.cat([words, following], dim=1)
    return words[:, digits + 1 :]


def read_options():
    parser = argparse.ArgumentParser(description="Train a Transformer to sort digits.")
    parser.add_argument("--digits", type=int, default=6)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--every", type=int, default=50, help="steps between two reports")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    options = read_options()
    torch.manual_seed(options.seed)
    model = Sorter(2 * options.digits, options.width, options.layers)
    train(model, options)

    numbers = torch.randint(10, (100, options.digits))
    written, ordered = sort(model, numbers), numbers.sort(dim=1).values
    right = (written == ordered).all(dim=1).float().mean().item()
    print(f"{numbers[0].tolist()} in order: {written[0].tolist()}")
    print(f"sorted without a mistake: {right:.0%} of 100 new rows")


if __name__ == "__main__":
    main()
