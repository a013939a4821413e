"""Words to numbers and back: embeddings, recurrent layers, attention."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(14)
text = "to be or not to be"
alphabet = sorted(set(text))
codes = torch.tensor([alphabet.index(c) for c in text])
print(len(alphabet), codes)


class CharacterModel(nn.Module):
    def __init__(self, symbols, width):
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, symbols)

    def forward(self, x, state=None):
        x, state = self.lstm(self.embedding(x), state)
        return self.head(x), state


model = CharacterModel(len(alphabet), 12)
print(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
for step in range(12):
    logits, _ = model(codes[None, :-1])
    loss = F.cross_entropy(logits.view(-1, len(alphabet)), codes[1:])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 3:
        print(f"step {step}: {loss.item():.3f}")

with torch.no_grad():
    symbol, state = codes[:1][None], None
    said = []
    for _ in range(8):
        logits, state = model(symbol, state)
        symbol = logits[:, -1].argmax(-1, keepdim=True)
        said.append(alphabet[symbol.item()])
print("".join(said), state[0].shape)

rnn, gru = nn.RNN(3, 4), nn.GRU(3, 4, bidirectional=True)
x = torch.randn(5, 2, 3)
print(rnn(x)[1], gru(x)[0].shape)
query = torch.randn(1, 2, 4, 8)
print(F.scaled_dot_product_attention(query, query, query, is_causal=True)[0, 0])
attention = nn.MultiheadAttention(8, 2, batch_first=True)
out, weights = attention(query[0], query[0], query[0])
print(out.shape, weights)
