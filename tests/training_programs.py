"""Five seeded training programs, each a function of the library that runs it.

The same text runs under flambeau and under PyTorch, and returns the loss of every step. Sizes
and learning rates are such that PyTorch agrees with itself whatever its number of threads.
"""

from collections.abc import Callable
from typing import Any

from examples import digits

Losses = list[float]

STEPS = 200

SONNET = """\
Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade,
Nor lose possession of that fair thou ow'st;
Nor shall death brag thou wander'st in his shade,
When in eternal lines to time thou grow'st:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee.
"""

ALPHABET = sorted(set(SONNET))


def linear_regression(torch: Any, steps: int = STEPS) -> Losses:
    """Fit a line to a hundred noisy points by gradient descent on all of them."""
    torch.manual_seed(42)
    x = torch.linspace(0, 1, 100).reshape(-1, 1)
    y = 2 * x + 1 + torch.randn(x.size()) * 0.1
    model = torch.nn.Linear(1, 1)
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def mlp(torch: Any, steps: int = STEPS) -> Losses:
    """Tell apart points in and out of a ball, with batch normalisation and dropout."""
    torch.manual_seed(1)
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(20, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(64, 32),
        nn.BatchNorm1d(32),
        nn.Tanh(),
        nn.Dropout(0.2),
        nn.Linear(32, 2),
    )
    points = torch.randn(640, 20)
    labels = (points.pow(2).sum(dim=1) > 20).long()
    dataset = torch.utils.data.TensorDataset(points, labels)
    loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    losses: Losses = []
    while len(losses) < steps:
        for batch, truth in loader:
            loss = nn.functional.cross_entropy(model(batch), truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses[:steps]


def lenet(torch: Any, steps: int = STEPS, lr: float = 1e-4, seed: int = 4) -> Losses:
    """Read handwritten digits with LeNet and a layer of dropout."""
    torch.manual_seed(seed)
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    pixels, truth, _ = digits.load()
    images = (torch.tensor(pixels[:800]).unsqueeze(1) / 255 - 0.1307) / 0.3081
    labels = torch.tensor(truth[:800]).long()
    dataset = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(dataset, batch_size=8, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses: Losses = []
    while len(losses) < steps:
        for batch, answers in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(batch), answers)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses[:steps]


def sonnet(torch: Any) -> Any:
    """Return the characters of a sonnet as numbers."""
    return torch.tensor([ALPHABET.index(letter) for letter in SONNET])


def some_lines(torch: Any, text: Any, count: int, length: int) -> tuple[Any, Any]:
    """Return `count` excerpts at random, and the same moved on by one character."""
    starts = torch.randint(len(text) - length, (count,)).tolist()
    inputs = torch.stack([text[start : start + length] for start in starts])
    targets = torch.stack([text[start + 1 : start + length + 1] for start in starts])
    return inputs, targets


def lstm(torch: Any, steps: int = STEPS) -> Losses:
    """Predict the next character of a sonnet with an LSTM whose gradients are clipped."""
    torch.manual_seed(3)
    nn = torch.nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(len(ALPHABET), 16)
            self.lstm = nn.LSTM(16, 32, num_layers=2, dropout=0.1, batch_first=True)
            self.head = nn.Linear(32, len(ALPHABET))

        def forward(self, letters: Any) -> Any:
            output, _ = self.lstm(self.embedding(letters))
            return self.head(output)

    model, text = Reader(), sonnet(torch)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(steps):
        inputs, targets = some_lines(torch, text, count=8, length=8)
        loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses


def transformer(torch: Any, steps: int = STEPS) -> Losses:
    """Predict the next character with a small causal Transformer and a schedule of rates."""
    torch.manual_seed(4)
    nn, length = torch.nn, 16

    class Predictor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letters = nn.Embedding(len(ALPHABET), 32)
            self.places = nn.Embedding(length, 32)
            layer = nn.TransformerEncoderLayer(
                32, nhead=4, dim_feedforward=64, dropout=0.1, activation="gelu", batch_first=True
            )
            self.encoder = nn.TransformerEncoder(layer, num_layers=2)
            self.norm = nn.LayerNorm(32)
            self.head = nn.Linear(32, len(ALPHABET))

        def forward(self, letters: Any) -> Any:
            x = self.letters(letters) + self.places(torch.arange(length))
            mask = nn.Transformer.generate_square_subsequent_mask(length)
            return self.head(self.norm(self.encoder(x, mask=mask, is_causal=True)))

    model, text = Predictor(), sonnet(torch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    losses = []
    for _ in range(steps):
        inputs, targets = some_lines(torch, text, count=4, length=length)
        loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


PROGRAMS: dict[str, Callable[..., Losses]] = {
    function.__name__: function for function in (linear_regression, mlp, lenet, lstm, transformer)
}


def furthest(losses: Losses, others: Losses) -> float:
    """Return the largest relative difference of two curves of loss."""
    pairs = zip(losses, others, strict=True)
    return max(abs(one - other) / abs(other) for one, other in pairs)
