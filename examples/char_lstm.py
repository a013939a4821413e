"""An LSTM learns to write, one character after another.

    python examples/char_lstm.py --data FILE       with a text of one's own

Prints the loss as it learns, then some text of its own making. It runs with PyTorch as well:
change the import of flambeau.
"""

import argparse
from pathlib import Path

import flambeau as torch

nn, F = torch.nn, torch.nn.functional


class CharLSTM(nn.Module):
    def __init__(self, letters, width):
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, letters)

    def forward(self, x, state=None):
        output, state = self.lstm(self.embedding(x), state)
        return self.head(output), state


def excerpts(text, count, length):
    """Return excerpts from random places, and the same moved on by one character."""
    starts = torch.randint(len(text) - length, (count,)).tolist()
    inputs = torch.stack([text[start : start + length] for start in starts])
    targets = torch.stack([text[start + 1 : start + length + 1] for start in starts])
    return inputs, targets


def train(model, text, options):
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    for step in range(1, options.steps + 1):
        inputs, targets = excerpts(text, options.batch_size, options.length)
        logits, _ = model(inputs)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        if step % options.every == 0 or step == options.steps:
            print(f"step {step}: loss {loss.item():.3f}")


@torch.no_grad()
def write(model, first, count):
    """Return ``count`` letters that follow ``first``, each drawn as the model expects it."""
    model.eval()
    letters, state = [first], None
    for _ in range(count):
        logits, state = model(torch.tensor([[letters[-1]]]), state)
        chances = F.softmax(logits[0, -1], dim=0)
        letters.append(torch.multinomial(chances, 1).item())
    return letters


def read_options():
    parser = argparse.ArgumentParser(description="Train an LSTM to write like a text.")
    parser.add_argument("--data", type=Path, required=True, help="a text to learn from")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=50, help="steps between two reports")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--length", type=int, default=32, help="characters in an excerpt")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--sample", type=int, default=300, help="characters to write")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    options = read_options()
    torch.manual_seed(options.seed)
    try:
        words = options.data.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{options.data} cannot be read: {error}") from None
    if len(words) <= options.length + 1:
        raise SystemExit(f"{options.data} is too short: {len(words)} characters")
    alphabet = sorted(set(words))
    number = {letter: index for index, letter in enumerate(alphabet)}
    text = torch.tensor([number[letter] for letter in words])

    model = CharLSTM(len(alphabet), options.width)
    weights = sum(p.numel() for p in model.parameters())
    print(f"{len(words):,} characters, {len(alphabet)} different ones, {weights:,} weights")
    train(model, text, options)
    print("".join(alphabet[index] for index in write(model, text[0].item(), options.sample)))


if __name__ == "__main__":
    main()
