"""Write small checkpoints by PyTorch, and what they hold, into tests/golden/serialization/.

    python tools/golden/serialization.py

Each ``NAME.pt`` is a checkpoint; ``values.npz`` holds the elements of its tensors under
``NAME/KEY``, as NumPy knows them (bfloat16 as the uint16 of the same bits).
"""

from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn

FOLDER = Path(__file__).parents[2] / "tests" / "golden" / "serialization"

DTYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)


class Unknown:
    """A class that no loader knows."""


def dtypes() -> dict:
    """A tensor of every dtype, named after it."""
    values = torch.tensor([[0, 1, 2], [3, 0, 5]])
    return {str(dtype).removeprefix("torch."): values.to(dtype) for dtype in DTYPES}


def views() -> dict:
    """Windows of every kind on two storages, and tensors without elements or dimensions."""
    base = torch.arange(24.0).reshape(2, 3, 4)
    row = torch.arange(3.0)
    return {
        "base": base,
        "slice": base[:, 1:, ::2],
        "transposed": base.transpose(0, 2),
        "flat": base.view(-1),
        "element": base[1, 2, 3],
        "row": row,
        "expanded": row.expand(2, 3),
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(3.5),
    }


def network() -> nn.Module:
    """A small network with parameters, buffers and an activation."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def training() -> dict:
    """What a training script saves after a few steps."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(5, 3)).pow(2).sum().backward()
        optimizer.step()
    return {
        "epoch": 3,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "best": float("inf"),
    }


def parameters() -> dict:
    """Parameters, one shared, one with an attribute, and tensors that require gradients."""
    weight = nn.Parameter(torch.arange(4.0))
    marked = nn.Parameter(torch.ones(2), requires_grad=False)
    marked.tag = "mine"
    tensor = torch.zeros(2)
    tensor.note = ["kept"]
    return {
        "weight": weight,
        "again": weight,
        "data": weight.data,
        "marked": marked,
        "tensor": tensor,
        "leaf": torch.ones(2, requires_grad=True),
    }


def plain() -> dict:
    """Values that are no tensors."""
    ordered = OrderedDict(b=1, a=2)
    ordered._metadata = {"version": 1}
    shared = [1]
    return {
        "none": None,
        "bools": [True, False],
        "integers": [0, -1, 255, 65535, 2**31, -(2**40), 2**100],
        "floats": [0.5, float("inf"), -1e300],
        "complex": 1 + 2j,
        "text": "naïve 火炬 \U0001f525",
        "bytes": b"\x00\xffab",
        "bytearray": bytearray(b"xyz"),
        "tuple": (1, (2,), (), (3, 4, 5, 6)),
        "set": {1, 2},
        "ordered": ordered,
        "counter": Counter("aab"),
        "keys": {1: "int", (1, 2): "tuple", None: "none", 0.5: "float"},
        "shared": [shared, shared],
        "size": torch.Size([2, 3]),
        "dtype": torch.bfloat16,
        "device": torch.device("cuda", 1),
    }


def tensors_in(name: str, obj: object) -> dict[str, np.ndarray]:
    """The elements of all tensors in nested dictionaries."""
    if isinstance(obj, torch.Tensor):
        obj = obj.detach()
        return {name: (obj.view(torch.uint16) if obj.dtype == torch.bfloat16 else obj).numpy()}
    found = {}
    for key, value in obj.items() if isinstance(obj, dict) else ():
        found |= tensors_in(f"{name}/{key}", value)
    return found


def main() -> None:
    """Write everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    contents = {f.__name__: f() for f in (dtypes, views, training, parameters, plain)}
    values = {}
    for name, obj in contents.items():
        torch.save(obj, FOLDER / f"{name}.pt")
        values |= tensors_in(name, obj)
    np.savez_compressed(FOLDER / "values.npz", **values)
    torch.save(contents["views"], FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(network(), FOLDER / "network.pt")
    torch.save(Unknown(), FOLDER / "unknown.pt")
    torch.save(torch.zeros(2, dtype=torch.complex64), FOLDER / "complex.pt")
    torch.serialization.set_crc32_options(False)
    torch.save(contents["dtypes"], FOLDER / "unchecked.pt")


if __name__ == "__main__":
    main()
