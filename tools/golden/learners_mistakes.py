"""Make the mistakes that learners make, in PyTorch, and write down what it says.

    python -m tools.golden.learners_mistakes

Each mistake is a program. What it raises (or warns of, or leaves in ``result``) goes to
tests/golden/learners_mistakes.json: the type, and the first line of the message.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy
import torch

FILE = Path(__file__).parents[2] / "tests" / "golden" / "learners_mistakes.json"

MISTAKES = {
    # Shapes -----------------------------------------------------------------------------
    "linear of the wrong width": "nn.Linear(4, 2)(torch.zeros(3, 5))",
    "linear with its sizes swapped": "nn.Linear(2, 4)(torch.zeros(3, 4))",
    "linear of an image not flattened": "nn.Linear(784, 10)(torch.zeros(2, 1, 28, 28))",
    "linear of a vector": "nn.Linear(4, 2)(torch.zeros(5))",
    "matmul of shapes that do not fit": "torch.zeros(2, 3) @ torch.zeros(2, 3)",
    "mm of a vector": "torch.mm(torch.zeros(2, 3), torch.zeros(3))",
    "bmm of matrices": "torch.bmm(torch.zeros(2, 3), torch.zeros(3, 2))",
    "bmm of different batches": "torch.bmm(torch.zeros(2, 3, 4), torch.zeros(3, 4, 5))",
    "matmul of a vector of the wrong length": "torch.zeros(2, 3) @ torch.zeros(2)",
    "dot of different lengths": "torch.dot(torch.zeros(3), torch.zeros(4))",
    "addition of shapes that do not fit": "torch.zeros(2, 3) + torch.zeros(2)",
    "addition in place that would grow": "torch.zeros(3).add_(torch.zeros(2, 3))",
    "cat of different widths": "torch.cat([torch.zeros(2, 3), torch.zeros(2, 4)])",
    "cat of different ranks": "torch.cat([torch.zeros(2, 3), torch.zeros(3)])",
    "cat of nothing": "torch.cat([])",
    "cat of 0-d tensors": "torch.cat([torch.tensor(1.0), torch.tensor(2.0)])",
    "cat of a tensor alone": "torch.cat(torch.zeros(2), torch.zeros(2))",
    "stack of different shapes": "torch.stack([torch.zeros(2), torch.zeros(3)])",
    "stack of nothing": "torch.stack([])",
    "view of the wrong size": "torch.zeros(2, 3).view(4, 2)",
    "view with two unknowns": "torch.zeros(2, 3).view(-1, -1)",
    "view that cannot be inferred": "torch.zeros(2, 3).view(-1, 4)",
    "view of a transpose": "torch.zeros(2, 3).t().view(6)",
    "reshape of the wrong size": "torch.zeros(2, 3).reshape(5)",
    "expand of a dimension that is not 1": "torch.zeros(2, 3).expand(4, 3)",
    "permute of too few dimensions": "torch.zeros(2, 3, 4).permute(1, 0)",
    "permute of a repeated dimension": "torch.zeros(2, 3).permute(0, 0)",
    "transpose out of range": "torch.zeros(2, 3).transpose(0, 2)",
    "t of three dimensions": "torch.zeros(2, 3, 4).t()",
    "squeeze out of range": "torch.zeros(2, 3).squeeze(2)",
    "unsqueeze out of range": "torch.zeros(2, 3).unsqueeze(4)",
    "sum over a dimension out of range": "torch.zeros(2, 3).sum(2)",
    "softmax over a dimension out of range": "torch.zeros(2, 3).softmax(2)",
    "split into the wrong sizes": "torch.zeros(5).split([2, 2])",
    "chunk into none": "torch.zeros(5).chunk(0)",
    "repeat of too few dimensions": "torch.zeros(2, 3).repeat(2)",
    "masks of another shape": "torch.zeros(2, 3)[torch.ones(3, 2, dtype=torch.bool)]",
    "einsum of sizes that differ": (
        "torch.einsum('ij,jk->ik', torch.zeros(2, 3), torch.zeros(4, 5))"
    ),
    "where of shapes that do not fit": (
        "torch.where(torch.ones(2) > 0, torch.ones(3), torch.ones(2))"
    ),
    "a negative size": "torch.zeros(-1)",
    "a size that is a float": "torch.zeros(2.5)",
    "topk of more than there are": "torch.zeros(3).topk(4)",
    "assignment of the wrong shape": "x = torch.zeros(2, 3); x[0] = torch.zeros(2)",
    # Convolutions, pooling, normalisation ------------------------------------------------
    "conv2d of the wrong channels": "nn.Conv2d(3, 8, 3)(torch.zeros(1, 1, 8, 8))",
    "conv2d without a channel dimension": "nn.Conv2d(1, 8, 3)(torch.zeros(4, 28, 28))",
    "conv2d of a matrix": "nn.Conv2d(1, 8, 3)(torch.zeros(28, 28))",
    "conv2d with a kernel too large": "nn.Conv2d(1, 8, 5)(torch.zeros(1, 1, 3, 3))",
    "conv2d with groups that do not divide": "nn.Conv2d(3, 8, 3, groups=2)",
    "conv2d of integers": "nn.Conv2d(1, 8, 3)(torch.zeros(1, 1, 8, 8, dtype=torch.uint8))",
    "conv1d of the wrong channels": "nn.Conv1d(4, 8, 3)(torch.zeros(2, 10, 4))",
    "conv2d with padding 'same' and a stride": "nn.Conv2d(1, 1, 3, stride=2, padding='same')",
    "max_pool2d of an output too small": "F.max_pool2d(torch.zeros(1, 1, 2, 2), 3)",
    "max_pool2d with too much padding": "F.max_pool2d(torch.zeros(1, 1, 8, 8), 2, padding=2)",
    "batch norm of one value per channel": "nn.BatchNorm1d(3)(torch.zeros(1, 3))",
    "batch norm of the wrong rank": "nn.BatchNorm2d(3)(torch.zeros(2, 3))",
    "batch norm of the wrong channels": "nn.BatchNorm2d(3)(torch.zeros(2, 4, 2, 2))",
    "layer norm of the wrong width": "nn.LayerNorm(4)(torch.zeros(2, 3))",
    "group norm that does not divide": "nn.GroupNorm(3, 4)",
    # Losses ------------------------------------------------------------------------------
    "cross entropy of a class too large": (
        "F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3]))"
    ),
    "cross entropy of a negative class": (
        "F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, -1]))"
    ),
    "cross entropy of float classes": "F.cross_entropy(torch.zeros(2, 3), torch.tensor([0., 1.]))",
    "cross entropy of int32 classes": (
        "F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1], dtype=torch.int32))"
    ),
    "cross entropy of one-hot integers": (
        "F.cross_entropy(torch.zeros(2, 3), torch.tensor([[1, 0, 0], [0, 1, 0]]))"
    ),
    "cross entropy of classes in a column": (
        "F.cross_entropy(torch.zeros(2, 3), torch.zeros(2, 1, dtype=torch.int64))"
    ),
    "cross entropy of another batch": (
        "F.cross_entropy(torch.zeros(4, 3), torch.zeros(2, dtype=torch.int64))"
    ),
    "cross entropy with the wrong weights": (
        "F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), weight=torch.ones(2))"
    ),
    "a loss of something not a tensor": "nn.MSELoss()(torch.zeros(3), [0.0, 0.0, 0.0])",
    "mse of broadcasting sizes": "F.mse_loss(torch.zeros(3), torch.zeros(3, 1))",
    "mse of sizes that do not fit": (
        "import warnings; warnings.simplefilter('ignore')\n"
        "F.mse_loss(torch.zeros(3), torch.zeros(2))"
    ),
    "bce of logits": "F.binary_cross_entropy(torch.tensor([2.0]), torch.tensor([1.0]))",
    "bce of another size": "F.binary_cross_entropy(torch.ones(3), torch.ones(3, 1))",
    "bce with logits of another size": (
        "F.binary_cross_entropy_with_logits(torch.ones(3), torch.ones(3, 1))"
    ),
    "bce of integer targets": "nn.BCELoss()(torch.ones(3), torch.ones(3, dtype=torch.int64))",
    "an unknown reduction": "nn.MSELoss(reduction='avg')(torch.zeros(3), torch.zeros(3))",
    "nll of 0-d input": "F.nll_loss(torch.tensor(1.0), torch.tensor(0))",
    "softmax without a dimension": "nn.Softmax()(torch.zeros(2, 3))",
    "functional softmax without a dimension": "F.softmax(torch.zeros(2, 3))",
    "one_hot of floats": "F.one_hot(torch.tensor([0.0, 1.0]))",
    "one_hot of a class too large": "F.one_hot(torch.tensor([0, 3]), 3)",
    # Autograd ----------------------------------------------------------------------------
    "backward twice": (
        "x = torch.ones(2, requires_grad=True)\ny = (x * x).sum()\ny.backward()\ny.backward()"
    ),
    "backward of what is not scalar": "(torch.ones(2, requires_grad=True) * 2).backward()",
    "backward of what needs no gradient": "torch.ones(2).sum().backward()",
    "backward of the wrong gradient": (
        "(torch.ones(2, requires_grad=True) * 2).backward(torch.ones(3))"
    ),
    "a leaf written in place": "x = torch.ones(2, requires_grad=True)\nx += 1",
    "an element of a leaf written": "x = torch.ones(2, requires_grad=True)\nx[0] = 1",
    "numpy of what requires a gradient": "torch.ones(2, requires_grad=True).numpy()",
    "gradients of integers": "torch.tensor([1, 2], requires_grad=True)",
    "requires_grad_ of integers": "torch.tensor([1, 2]).requires_grad_()",
    "requires_grad switched off inside": (
        "x = torch.ones(2, requires_grad=True)\n(x * 2).requires_grad = False"
    ),
    "gradient of another shape": "x = torch.ones(2, requires_grad=True)\nx.grad = torch.ones(3)",
    "gradient that is not a tensor": "x = torch.ones(2, requires_grad=True)\nx.grad = 0",
    "grad of what is not in the graph": (
        "x = torch.ones(2, requires_grad=True)\ny = torch.ones(2, requires_grad=True)\n"
        "torch.autograd.grad((x * 2).sum(), y)"
    ),
    "grad of a tensor inside the graph": "x = torch.ones(2, requires_grad=True)\n(x * 2).grad",
    "gradients never set to zero": (
        "x = torch.ones(2, requires_grad=True)\nfor _ in range(3):\n    (x * 2).sum().backward()\n"
        "result = x.grad"
    ),
    "deepcopy of what has a history": (
        "import copy\nx = torch.ones(2, requires_grad=True)\ncopy.deepcopy(x * 2)"
    ),
    "backward under no_grad": (
        "x = torch.ones(2, requires_grad=True)\nwith torch.no_grad():\n    y = x.sum()\n"
        "y.backward()"
    ),
    # Values and types ---------------------------------------------------------------------
    "item of many": "torch.zeros(2).item()",
    "float of many": "float(torch.zeros(2))",
    "int of many": "int(torch.zeros(2))",
    "truth of many": "if torch.zeros(2) > 0:\n    pass",
    "truth of none": "bool(torch.zeros(0))",
    "len of a 0-d tensor": "len(torch.tensor(1))",
    "iteration over a 0-d tensor": "for x in torch.tensor(1):\n    pass",
    "index of a 0-d tensor": "torch.tensor(1)[0]",
    "index out of range": "torch.zeros(3)[3]",
    "index out of range in the second dimension": "torch.zeros(3, 2)[0, 2]",
    "too many indices": "torch.zeros(3)[0, 0]",
    "index that is a float": "torch.zeros(3)[1.5]",
    "index tensor of floats": "torch.zeros(3)[torch.tensor([0.0])]",
    "index tensor out of range": "torch.zeros(3)[torch.tensor([5])]",
    "index that is a string": "torch.zeros(3)['a']",
    "a slice with a negative step": "torch.zeros(3)[::-1]",
    "a tensor of a ragged list": "torch.tensor([[1, 2], [3]])",
    "a tensor of strings": "torch.tensor(['a', 'b'])",
    "a tensor of None": "torch.tensor([1.0, None])",
    "a tensor of objects": "torch.tensor({'a': 1})",
    "a tensor of a string": "torch.tensor('a')",
    "matmul of different types": "torch.zeros(2, 2) @ torch.zeros(2, 2, dtype=torch.float64)",
    "linear of doubles": "nn.Linear(2, 2)(torch.zeros(2, 2, dtype=torch.float64))",
    "linear of integers": "nn.Linear(2, 2)(torch.ones(2, 2, dtype=torch.int64))",
    "mean of integers": "torch.tensor([1, 2]).mean()",
    "integers divided in place": "x = torch.tensor([1, 2])\nx /= 2",
    "integers added to in place by floats": "x = torch.tensor([1, 2])\nx += 0.5",
    "subtraction of bools": "torch.tensor([True]) - torch.tensor([True])",
    "minus a bool": "-torch.tensor([True])",
    "bitwise and of floats": "torch.tensor([1.0]) & torch.tensor([1.0])",
    "addition of a string": "torch.zeros(2) + 'a'",
    "addition of a list": "torch.zeros(2) + [1, 2]",
    "addition of None": "torch.zeros(2) + None",
    "relu of a list": "F.relu([1.0])",
    "exp of a number": "torch.exp(1.0)",
    "from_numpy of a list": "torch.from_numpy([1, 2])",
    "max of nothing": "torch.zeros(0).max()",
    "argmax of nothing": "torch.zeros(0).argmax()",
    "an attribute that tensors do not have": "torch.zeros(2).foo",
    "a function that is not there": "torch.foo",
    "arange in the wrong direction": "torch.arange(5, 0)",
    "gather out of range": "torch.zeros(3).gather(0, torch.tensor([3]))",
    "a probability out of range": "torch.bernoulli(torch.tensor([1.5]))",
    "multinomial of too many": "torch.multinomial(torch.ones(2), 3)",
    "manual_seed of a string": "torch.manual_seed('a')",
    "randint with an empty range": "torch.randint(5, 5, (2,))",
    # Devices --------------------------------------------------------------------------------
    "a tensor to cuda": "torch.zeros(2).to('cuda')",
    "a tensor by cuda()": "torch.zeros(2).cuda()",
    "a module to cuda": "nn.Linear(2, 2).cuda()",
    "a tensor made on cuda": "torch.zeros(2, device='cuda:0')",
    "an unknown device": "torch.zeros(2, device='gpu')",
    "an unknown device for a module": "nn.Linear(2, 2).to('gpu')",
    "to a string that is no device": "torch.zeros(2).to('float32')",
    # Modules --------------------------------------------------------------------------------
    "an attribute that modules do not have": "nn.Linear(2, 2).foo",
    "an attribute of one's own module": ("class Net(nn.Module):\n    pass\nNet().fc1"),
    "super().__init__() forgotten": (
        "class Net(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(2, 2)\nNet()"
    ),
    "super().__init__() forgotten for a parameter": (
        "class Net(nn.Module):\n    def __init__(self):\n"
        "        self.w = nn.Parameter(torch.zeros(2))\nNet()"
    ),
    "forward not defined": "class Net(nn.Module):\n    pass\nNet()(torch.zeros(2))",
    "forward without its argument": "nn.Linear(2, 2)()",
    "forward with too many arguments": "nn.Linear(2, 2)(torch.zeros(2), torch.zeros(2))",
    "a constructor without its argument": "nn.Linear(2)",
    "a constructor with an unknown argument": "nn.Linear(2, 2, foo=1)",
    "a ModuleList called": "nn.ModuleList([nn.Linear(2, 2)])(torch.zeros(2))",
    "a ModuleDict called": "nn.ModuleDict({'a': nn.Linear(2, 2)})(torch.zeros(2))",
    "Sequential of a function": "nn.Sequential(nn.Linear(2, 2), lambda x: x)",
    "Sequential of a class": "nn.Sequential(nn.Linear(2, 2), nn.ReLU)",
    "Sequential of a list": "nn.Sequential([nn.Linear(2, 2)])",
    "ModuleList of numbers": "nn.ModuleList([1, 2])",
    "Sequential index out of range": "nn.Sequential(nn.Linear(2, 2))[1]",
    "register_parameter of a tensor": "nn.Module().register_parameter('w', torch.zeros(2))",
    "a tensor assigned to a parameter": "nn.Linear(2, 2).weight = torch.zeros(2, 2)",
    "register_buffer of a number": "nn.Module().register_buffer('b', 1)",
    "register_buffer with a dot": "nn.Module().register_buffer('a.b', torch.zeros(2))",
    "a parameter with a history": "nn.Module().register_parameter('w', torch.ones(2) * 1)",
    "a parameter of integers": "nn.Parameter(torch.tensor([1, 2]))",
    "dropout out of range": "nn.Dropout(1.5)",
    "functional dropout out of range": "F.dropout(torch.zeros(2), -0.1)",
    "embedding index out of range": "nn.Embedding(10, 3)(torch.tensor([10]))",
    "embedding index negative": "nn.Embedding(10, 3)(torch.tensor([-1]))",
    "embedding of floats": "nn.Embedding(10, 3)(torch.tensor([1.0]))",
    "embedding padding out of range": "nn.Embedding(10, 3, padding_idx=10)",
    "attention heads that do not divide": "nn.MultiheadAttention(10, 3)",
    "attention of the wrong width": (
        "x = torch.zeros(3, 2, 8)\nnn.MultiheadAttention(10, 2)(x, x, x)"
    ),
    "lstm of the wrong input size": "nn.LSTM(4, 8)(torch.zeros(5, 2, 3))",
    "lstm of the wrong rank": "nn.LSTM(4, 8)(torch.zeros(4))",
    "lstm with the wrong hidden state": (
        "nn.LSTM(4, 8)(torch.zeros(5, 2, 4), (torch.zeros(1, 3, 8), torch.zeros(1, 3, 8)))"
    ),
    "gru with a hidden state of the wrong size": (
        "nn.GRU(4, 8)(torch.zeros(5, 2, 4), torch.zeros(1, 2, 7))"
    ),
    "rnn with an unknown nonlinearity": "nn.RNN(4, 8, nonlinearity='sigmoid')",
    "dropout in an rnn of one layer": "nn.LSTM(4, 8, dropout=0.5)",
    "transformer of the wrong width": ("nn.TransformerEncoderLayer(8, 2)(torch.zeros(3, 2, 7))"),
    "an unknown activation": "nn.TransformerEncoderLayer(8, 2, activation='swish')",
    "flatten of a start past the end": "nn.Flatten(3)(torch.zeros(2, 3))",
    "unfreezing by a string": "nn.Linear(2, 2).requires_grad_('yes')",
    "train with a string": "nn.Linear(2, 2).train('no')",
    "get_submodule of an unknown": "nn.Sequential(nn.Linear(2, 2)).get_submodule('1')",
    "unknown init gain": "nn.init.calculate_gain('swish')",
    "xavier of a vector": "nn.init.xavier_uniform_(torch.zeros(3))",
    # Saving and loading ------------------------------------------------------------------------
    "a state with a missing key": (
        "nn.Linear(2, 2).load_state_dict({'weight': torch.zeros(2, 2)})"
    ),
    "a state with an unexpected key": (
        "nn.Linear(2, 2, bias=False).load_state_dict(nn.Linear(2, 2).state_dict())"
    ),
    "a state of another size": "nn.Linear(2, 2).load_state_dict(nn.Linear(3, 2).state_dict())",
    "a state of another model": (
        "nn.Sequential(nn.Linear(2, 2)).load_state_dict(nn.Linear(2, 2).state_dict())"
    ),
    "load of a missing file": "torch.load('does-not-exist.pt')",
    "save into a missing directory": "torch.save({}, 'does-not-exist/model.pt')",
    # Optimizers ----------------------------------------------------------------------------------
    "an optimizer without parameters": "torch.optim.SGD([], lr=0.1)",
    "an optimizer of a tensor": "torch.optim.SGD(torch.zeros(2), lr=0.1)",
    "an optimizer of a module": "torch.optim.SGD(nn.Linear(2, 2), lr=0.1)",
    "an optimizer of numbers": "torch.optim.SGD([1.0], lr=0.1)",
    "an optimizer of what is no leaf": (
        "torch.optim.SGD([torch.ones(2, requires_grad=True) * 2], lr=0.1)"
    ),
    "an optimizer with a negative rate": ("torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=-1)"),
    "adam with a beta of one": (
        "torch.optim.Adam(nn.Linear(2, 2).parameters(), betas=(1.0, 0.999))"
    ),
    "nesterov without momentum": (
        "torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, nesterov=True)"
    ),
    "a parameter in two groups": (
        "p = nn.Parameter(torch.zeros(2))\n"
        "torch.optim.SGD([{'params': [p]}, {'params': [p]}], lr=0.1)"
    ),
    "lbfgs without a closure": ("torch.optim.LBFGS(nn.Linear(2, 2).parameters()).step()"),
    "a scheduler of a model": "torch.optim.lr_scheduler.StepLR(nn.Linear(2, 2), 1)",
    "a scheduler stepped before the optimizer": (
        "o = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)\n"
        "torch.optim.lr_scheduler.StepLR(o, 1).step()"
    ),
    "plateau without a metric": (
        "o = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)\n"
        "torch.optim.lr_scheduler.ReduceLROnPlateau(o).step()"
    ),
    "clipping non-finite gradients": (
        "p = nn.Parameter(torch.zeros(2))\np.grad = torch.tensor([float('nan'), 0.0])\n"
        "nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)"
    ),
    # Data ----------------------------------------------------------------------------------------
    "a batch size of zero": "torch.utils.data.DataLoader([1, 2], batch_size=0)",
    "a batch size that is a float": "torch.utils.data.DataLoader([1, 2], batch_size=1.5)",
    "shuffle with a sampler": (
        "torch.utils.data.DataLoader([1, 2], shuffle=True, "
        "sampler=torch.utils.data.SequentialSampler([1, 2]))"
    ),
    "a negative number of workers": "torch.utils.data.DataLoader([1, 2], num_workers=-1)",
    "tensors of different lengths in a dataset": (
        "torch.utils.data.TensorDataset(torch.zeros(2), torch.zeros(3))"
    ),
    "samples of different sizes in a batch": (
        "next(iter(torch.utils.data.DataLoader([torch.zeros(2), torch.zeros(3)], batch_size=2)))"
    ),
    "samples of an unknown type": (
        "next(iter(torch.utils.data.DataLoader([object(), object()], batch_size=2)))"
    ),
    "random_split of the wrong lengths": ("torch.utils.data.random_split(range(10), [5, 4])"),
    "a dataset without __getitem__": "torch.utils.data.Dataset()[0]",
    "shuffle of an empty dataset": "torch.utils.data.DataLoader([], shuffle=True)",
}


def outcome(code: str) -> dict[str, Any]:
    """What a program raises, warns of, or leaves in ``result``."""
    names: dict[str, Any] = {
        "torch": torch,
        "nn": torch.nn,
        "F": torch.nn.functional,
        "np": numpy,
        "__name__": "learner",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exec(code, names)
        except Exception as error:
            return {"type": type(error).__name__, "message": first_line(error)}
    return {"result": repr(names["result"])}


def first_line(error: Exception) -> str:
    """The first line of an error's message, without the place in PyTorch's own sources."""
    return str(error).partition("\n")[0].partition(" (Triggered internally")[0]


def main() -> None:
    """Write the file."""
    table: dict[str, Any] = {}
    for name, code in MISTAKES.items():
        try:
            table[name] = {"code": code, **outcome(code)}
        except KeyError:
            print(f"no mistake: {name}")
    FILE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
