"""Statements about modules, and what they print: the same with PyTorch and with flambeau."""

import re
import warnings
from collections import OrderedDict
from typing import Any

__all__ = ["CASES", "FILLS", "filled", "outcome"]


def outcome(package: Any, setup: str, expression: str) -> str:
    """What evaluating the expression gives, as text: its value, its error, its warnings."""
    scope = {"torch": package, "nn": package.nn, "OrderedDict": OrderedDict}
    package.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(setup, scope)
        try:
            result = repr(eval(expression, scope))
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    said = [f"{warning.category.__name__}: {warning.message}" for warning in caught]
    text = "\n".join([result, *said]).replace("flambeau.", "torch.")
    return re.sub("0x[0-9a-f]+", "0x", text)


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(3, 3), nn.Identity()) for _ in "ab"])
        self.gain = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("cache", torch.zeros(3), persistent=False)
    def forward(self, x):
        x = self.fc(x) * self.gain
        for block in self.blocks:
            x = block(x)
        return x + self.mean
net = Net()
"""

NET_EXPRESSIONS = [
    "net",
    "net(torch.ones(4, 2))",
    "net(torch.ones(4, 5))",
    "net()",
    "net(3)",
    "list(net.parameters())",
    "[name for name, _ in net.named_parameters()]",
    "[name for name, _ in net.named_modules()]",
    "[name for name, _ in net.named_children()]",
    "[name for name, _ in net.named_buffers()]",
    "list(net.__dict__)",
    "net.state_dict()",
    "net.state_dict()._metadata",
    "net.state_dict(keep_vars=True)",
    "net.parameters()",
    "net.named_modules()",
    "net.train",
    "net.fc2",
    "net.load_state_dict(net.state_dict())",
    "net.load_state_dict({})",
    "net.load_state_dict({}, strict=False)",
    "net.load_state_dict({**net.state_dict(), 'x': 1, 'fc.y': 1, 'blocks.0.0.q.z': 1})",
    "net.load_state_dict({**net.state_dict(), 'fc.weight': torch.ones(3), 'gain': torch.ones(2)})",
    "net.load_state_dict({**net.state_dict(), 'fc.weight': 'text'})",
    "net.load_state_dict([1])",
    "net.load_state_dict({**net.state_dict(), 'fc.weight': torch.ones(3, 2)}, assign=True)",
    "net.double().state_dict()['fc.weight'].dtype",
    "net.to(torch.int64)",
    "net.to('abc')",
    "net.train('x')",
    "net.get_submodule('blocks.0.1')",
    "net.get_submodule('blocks.0.7')",
    "net.get_parameter('fc.q')",
    "net.get_buffer('fc.weight')",
    "net.set_submodule('', net)",
    "net.set_submodule('fc.weight', net)",
    "setattr(net, 'gain', torch.ones(1))",
    "setattr(net, 'gain', 3)",
    "setattr(net, 'fc', 3)",
    "setattr(net, 'mean', 'x')",
    "net.register_parameter('fc', None)",
    "net.register_parameter('a.b', None)",
    "net.register_parameter('p', torch.ones(1))",
    "net.register_buffer('', None)",
    "net.register_buffer('b', 3)",
    "net.add_module('m', 3)",
    "net.add_module('m', nn.Linear)",
    "net.add_module(3, None)",
    "delattr(net, 'zz')",
    "nn.Module()(1)",
    "nn.Module(1)",
    "nn.Module(a=1)",
    "net.zero_grad()",
    "net.apply(lambda module: None)",
    "net.fc.extra_repr()",
]


CONTAINERS = """
S = nn.Sequential(nn.Linear(1, 2), nn.Identity())
L = nn.ModuleList([nn.Linear(1, 2), nn.Identity()])
D = nn.ModuleDict({"a": nn.Linear(1, 2), "b": nn.Identity()})
P = nn.ParameterList([nn.Parameter(torch.ones(2)), torch.zeros(1), 3])
Q = nn.ParameterDict({"a": nn.Parameter(torch.ones(2)), "b": torch.zeros(1), "c": "x"})
"""

CONTAINER_EXPRESSIONS = [
    *("S", "S[0]", "S[5]", "S[-3]", "S['0']", "S[0:1]", "S[::-1]", "S + S", "S + 3", "S * 2"),
    *("2 * S", "S * 0", "S * 'a'", "S.append(3)", "S.append(nn.Identity())", "S.insert(5, S)"),
    *("S.insert(1, nn.Identity())", "S.insert(-1, nn.Identity())", "S.insert(0, 3)"),
    *("S.insert(-5, S)", "S.extend([nn.Identity()])", "S.pop(0)", "S.pop(9)"),
    *(
        "S.pop(slice(0, 1))",
        "S.__iadd__(nn.Sequential(L))",
        "S.__iadd__(3)",
        "S.__imul__(2)",
        "S.__imul__(0)",
    ),
    *("S.__delitem__(9)", "S.__setitem__(9, 3)", "S.__setitem__(0, 3)", "S(3, 4)", "list(S)"),
    *("nn.Sequential(3)", "nn.Sequential([S])", "nn.Sequential()", "nn.Sequential()(3)"),
    *("nn.Sequential(OrderedDict(a=S, b=L))", "[k for k in dir(S) if k[0].isdigit()]"),
    *("L", "L[0]", "L[7]", "L[-1]", "L[0:1]", "L['0']", "L + L", "L + [S]", "L + 3"),
    *("L.append(3)", "L.append(S)", "L.insert(0, S)", "L.extend(3)", "L.extend([S])", "L.pop(0)"),
    *("L.extend(S)", "L.pop(slice(0, 1))", "L.__iadd__([S])", "L(3)", "nn.ModuleList([S, S, L])"),
    *("nn.ModuleList()", "nn.ModuleList([None])", "nn.ModuleList(3)", "bool(nn.ModuleList())"),
    *("D", "D['a']", "D['z']", "len(D)", "'a' in D", "list(D)", "D.keys()", "D.items()"),
    *("D.values()", "D.pop('a')", "D.pop('z')", "D.update(3)", "D.update([('q', S)])", "D(3)"),
    *("D.update([('q',)])", "D.update([3])", "D.update([['q', S, 3]])", "D.update({'q': 3})"),
    *("D.update(D)", "D.clear()", "D.__setitem__(3, S)", "D.__setitem__('keys', S)", "D | D"),
    *("D.__setitem__('x.y', S)", "nn.ModuleDict([('a', S)])", "nn.ModuleDict(3)"),
    *("P", "P[0]", "P[1]", "P[2]", "P[5]", "P[0:2]", "P['a']", "P.append(3)", "P.extend(3)"),
    *("P.append(torch.ones(2))", "P.extend([torch.ones(1)])", "P.__iadd__([1])", "P + P"),
    *("len(P)", "list(P)", "P(3)", "nn.ParameterList()", "nn.ParameterList(3)", "P.state_dict()"),
    *("dict(P.named_parameters())", "P.__setitem__(0, torch.ones(3))", "P.__setitem__(9, 3)"),
    *("nn.ParameterList([P])", "Q", "Q['a']", "Q['c']", "Q['z']", "len(Q)", "'a' in Q"),
    *("list(Q)", "list(reversed(Q))", "Q.keys()", "list(Q.items())", "list(Q.values())"),
    *("Q.pop('a')", "Q.pop('z')", "Q.popitem()", "Q.get('a')", "Q.get('z')", "Q.get('z', 3)"),
    *("Q.setdefault('z', torch.ones(1))", "Q.setdefault('z')", "Q.fromkeys(['a', 'b'])"),
    *("Q.copy()", "Q | Q", "Q | 3", "{'a': 3} | Q", "Q.update({'z': torch.ones(1)})", "Q(3)"),
    *("Q.update(3)", "Q.update([3])", "Q.update([[1, 2, 3]])", "Q.clear()", "Q.a"),
    *("Q.__delitem__('z')", "Q.__setitem__(3, 3)", "Q.__setitem__('a.b', torch.ones(1))"),
    *("nn.ParameterDict(3)", "nn.ParameterDict()", "nn.ParameterDict([('b', 2), ('a', 3)])"),
    "nn.Container(a=S)",
]


LAYER_EXPRESSIONS = [
    "nn.Linear(3, 2)(torch.ones(2, 3))",
    "nn.Linear(30, 20).state_dict()",
    "nn.Linear(3, 2, bias=False)(torch.ones(3))",
    "nn.Linear(3, 2)(torch.ones(2, 4))",
    "nn.Linear(3, 2)(torch.ones(4))",
    "nn.Linear(3, 2)(torch.ones(2, 3, dtype=torch.float64))",
    "nn.Linear(0, 2)",
    "nn.Identity(3)(4)",
    "nn.Bilinear(2, 3, 4)(torch.ones(5, 2), torch.ones(5, 3))",
    "nn.Bilinear(2, 3, 4).state_dict()",
    "nn.Bilinear(2, 3, 4)(torch.ones(5, 2), torch.ones(5, 2))",
    "nn.Bilinear(0, 3, 4)",
    "nn.LazyLinear(3)",
    "nn.LazyLinear(3)(torch.ones(2, 4))",
    "nn.LazyLinear(3).state_dict()",
    "nn.LazyLinear(3)(3)",
    "nn.LazyLinear(3)(torch.ones(2, 4), 3)",
    "nn.LazyLinear(3).weight.shape",
    "nn.LazyLinear(3).load_state_dict(nn.Linear(2, 3).state_dict())",
    "nn.LazyLinear(3).load_state_dict(nn.Linear(2, 4).state_dict())",
    "nn.Linear(2, 3).load_state_dict(nn.LazyLinear(3).state_dict())",
    "nn.Parameter(torch.ones(2))",
    "nn.Parameter(torch.ones(2, 2).double(), requires_grad=False)",
    "nn.Parameter([1.0])",
    "nn.Parameter()",
    "nn.Parameter(torch.ones(2).int())",
    "nn.Buffer(torch.ones(2))",
    "nn.Buffer([1])",
    "type(nn.Parameter(torch.ones(1)))",
    "nn.UninitializedParameter()",
    "nn.UninitializedBuffer()",
]


HOOKS = """
seen = []
class Two(nn.Module):
    def forward(self, a, b=None, *rest):
        return a * 2, a * 3
class One(nn.Module):
    def forward(self, a, b=None):
        return a * 2 + 1
class Named(nn.Module):
    def forward(self, a):
        return {"y": a * 2}
class Listed(nn.Module):
    def forward(self, a):
        return [a * 2, a + 1]
class FromList(nn.Module):
    def forward(self, a):
        return a[0] * 2
a = torch.ones(2, requires_grad=True)
b = torch.ones(2, requires_grad=True)
record = lambda module, gi, go: seen.append((type(module).__name__, gi, go))
def run(layer, kind, *args, pick=lambda y: y):
    getattr(layer, kind)(record)
    pick(layer(*args)).sum().backward()
    return seen
"""

HOOK_EXPRESSIONS = [
    "run(Two(), 'register_full_backward_hook', a, 3, pick=lambda y: y[0])",
    "run(Two(), 'register_full_backward_hook', a, torch.ones(2), pick=lambda y: y[1])",
    "run(Two(), 'register_full_backward_hook', a, b, pick=lambda y: y[0] + y[1])",
    "run(One(), 'register_full_backward_hook', a)",
    "run(One(), 'register_full_backward_hook', torch.ones(2) * a)",
    "run(nn.Linear(2, 1), 'register_full_backward_hook', torch.ones(1, 2))",
    "run(Named(), 'register_full_backward_hook', a, pick=lambda y: y['y'])",
    "run(Listed(), 'register_full_backward_hook', a, pick=lambda y: y[0])",
    "run(One(), 'register_backward_hook', a)",
    "run(One(), 'register_backward_hook', a * 2)",
    "run(nn.Linear(2, 1), 'register_backward_hook', a.view(1, 2))",
    "run(Two(), 'register_backward_hook', a, pick=lambda y: y[0])",
    "run(Two(), 'register_backward_hook', a, 3, pick=lambda y: y[0])",
    "run(Named(), 'register_backward_hook', a, pick=lambda y: y['y'])",
    "run(Listed(), 'register_backward_hook', a, pick=lambda y: y[0])",
    "run(FromList(), 'register_backward_hook', [a])",
]


RNN = """
from importlib import import_module
rnn = import_module(torch.__name__ + ".nn.utils.rnn")
x = torch.arange(6.0).view(3, 2)
T = torch.tensor
"""

RNN_EXPRESSIONS = [
    "rnn.pad_sequence([torch.ones(2), torch.ones(3)])",
    "rnn.pad_sequence([torch.ones(2), torch.ones(3)], True, -1.0, 'left')",
    "rnn.pad_sequence([torch.ones(2), torch.ones(3)], True, -1.0, 'up')",
    "rnn.pad_sequence([])",
    "rnn.pad_sequence(3)",
    "rnn.pad_sequence(torch.ones(2, 3))",
    "rnn.unpad_sequence(x, T([3, 1]))",
    "rnn.unpad_sequence(x.t(), T([3, 1]), True)",
    "rnn.pack_padded_sequence(x, T([3, 1]))",
    "rnn.pack_padded_sequence(x, T([1, 3]))",
    "rnn.pack_padded_sequence(x, [1, 3], enforce_sorted=False)",
    "rnn.pack_padded_sequence(x, [3, 0])",
    "rnn.pack_padded_sequence(x, [2, 1])",
    "rnn.pack_padded_sequence(x, [2])",
    "rnn.pack_padded_sequence(x, T([[3, 1]]))",
    "rnn.pack_padded_sequence(x.t(), [3, 1], batch_first=True)",
    "rnn.pack_padded_sequence(torch.ones(0, 0), [])",
    "rnn.pack_sequence([torch.ones(3), torch.zeros(1)])",
    "rnn.pack_sequence([torch.ones(1), torch.zeros(2)])",
    "rnn.pack_sequence([torch.ones(1), torch.zeros(2)], enforce_sorted=False)",
    "rnn.pack_sequence([torch.ones(2, 3)] * 3, enforce_sorted=False)",
    "rnn.pad_packed_sequence(rnn.pack_sequence([torch.ones(3), torch.zeros(2)]), True, 9.0, 5)",
    "rnn.pad_packed_sequence(rnn.pack_sequence([torch.ones(3), torch.zeros(2)]), True, 9.0, 2)",
    "rnn.unpack_sequence(rnn.pack_sequence([torch.ones(1), torch.zeros(2)], False))",
    "rnn.PackedSequence(torch.ones(3))",
    "rnn.PackedSequence(torch.ones(3), T([2, 1]), T([1, 0]))",
    "rnn.PackedSequence((torch.ones(3), T([2, 1]))).double()",
]


UTILS = """
def params(*gradients):
    made = []
    for gradient in gradients:
        p = nn.Parameter(torch.ones(2))
        p.grad = None if gradient is None else torch.tensor(gradient)
        made.append(p)
    return made
P = params([3.0, -4.0], None, [1.0, 2.0])
layer = nn.Linear(3, 2)
U = nn.utils
W = nn.utils.parametrizations
"""

UTILS_EXPRESSIONS = [
    "(U.clip_grad_norm_(P, 1.0), [p.grad for p in P])",
    "(U.clip_grad_norm_(P, 1.0, norm_type=float('inf')), [p.grad for p in P])",
    "(U.clip_grad_norm_(P, 1.0, norm_type=1), [p.grad for p in P])",
    "(U.clip_grad_value_(P[0], 3.5), [p.grad for p in P])",
    "U.clip_grad_norm_(params([float('nan'), 1.0]), 1.0, error_if_nonfinite=True)",
    "U.clip_grad_norm_([], 1.0)",
    "U.clip_grad_norm_(3, 1.0)",
    "U.clip_grad_norm(P, 1.0)",
    "U.parameters_to_vector(P)",
    "(U.vector_to_parameters(torch.arange(6.0), P), P)",
    "U.vector_to_parameters([1.0], P)",
    "U.skip_init(nn.Linear, 3, 2)",
    "U.skip_init(nn.Sequential)",
    "U.skip_init(int)",
    "W.weight_norm(layer)",
    "W.weight_norm(layer).state_dict()",
    "W.weight_norm(layer, dim=1)(torch.ones(1, 3))",
    "W.weight_norm(layer, dim=None).state_dict()",
    "W.spectral_norm(layer).state_dict()",
    "W.spectral_norm(layer)(torch.ones(1, 3))",
    "W.spectral_norm(layer, dim=5)",
    "W.spectral_norm(layer, name='q')",
    *(
        f"W.orthogonal(nn.Linear{sizes}, 'weight', {name!r}).{what}"
        for name in ("matrix_exp", "cayley", "householder")
        for sizes in ("(3, 3)", "(2, 4)", "(4, 2)")
        for what in ("state_dict()", "weight")
    ),
    "W.orthogonal(nn.Linear(3, 3))",
    "W.orthogonal(nn.Linear(3, 3), 'weight', 'cayley', use_trivialization=False).weight.data",
    "W.orthogonal(nn.Linear(3, 3), 'weight', 'matrix_exp', use_trivialization=False).weight.data",
    "W.orthogonal(nn.Linear(3, 4), 'weight', 'householder', use_trivialization=False).weight.data",
    "W.orthogonal(layer, 'weight', 'qr')",
    "W.orthogonal(layer, 'bias')",
    "W.orthogonal(layer, 'q')",
    "setattr(W.orthogonal(layer), 'weight', torch.ones(3, 3))",
    "U.weight_norm(layer).state_dict()",
    "U.weight_norm(layer)(torch.ones(1, 3))",
    "U.spectral_norm(layer).state_dict()",
    "U.spectral_norm(layer)(torch.ones(1, 3))",
    "U.remove_spectral_norm(layer)",
    "U.remove_weight_norm(layer)",
]
CALLS = """
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
        self.b.weight = self.a.weight
        self.scale = torch.ones(1)
        self.register_buffer("calls", torch.zeros(1))
    def forward(self, x, shift=0):
        with torch.no_grad():
            self.calls += 1
        return (self.a(x) + self.b(x) + shift) * self.scale
m = Tied()
W = torch.arange(4.0).view(2, 2)
x = torch.ones(1, 2)
call = torch.func.functional_call
"""

CALL_EXPRESSIONS = [
    "call(m, {'a.weight': W}, x)",
    "nn.utils.stateless.functional_call(m, {'a.weight': W}, x)",
    "call(m, {'b.weight': W}, (x,))",
    "call(m, {'b.weight': W}, (x,), {'shift': 3})",
    "call(m, {'b.weight': W, 'a.weight': W + 1}, x)",
    "call(m, {'b.weight': W, 'a.weight': W + 1}, x, tie_weights=False)",
    "call(m, {'scale': W[1]}, x)",
    "call(m, {'a.z': W}, x)",
    "call(m, {'a.weight': W}, x, strict=True)",
    "call(m, [{'a.weight': W}, {'a.weight': W}], x)",
    "call(m, ({'a.weight': W}, {'b.bias': W[0]}), x)",
    "call(m, 3, x)",
    "call(m, {'a.weight': 3}, x)",
    "call(m, {'z.q': W}, x)",
    "call(m, {'': W}, x)",
    "call(m, {'a': W}, x)",
    "call(m, {**dict(m.named_parameters()), 'calls': W, 'q': W}, x, strict=True)",
    "(call(m, {'calls': W}, x), m.calls, W, m.a.weight is m.b.weight)",
]


CASES = [
    *((NET, expression) for expression in NET_EXPRESSIONS),
    *((CONTAINERS, expression) for expression in CONTAINER_EXPRESSIONS),
    *(("", expression) for expression in LAYER_EXPRESSIONS),
    *((HOOKS, expression) for expression in HOOK_EXPRESSIONS),
    *((RNN, expression) for expression in RNN_EXPRESSIONS),
    *((CALLS, expression) for expression in CALL_EXPRESSIONS),
    *((UTILS, expression) for expression in UTILS_EXPRESSIONS),
]

_FILLS = [
    "uniform_(x)",
    "uniform_(x, -3, 2)",
    "normal_(x, 1, 0.5)",
    "trunc_normal_(x)",
    "trunc_normal_(x, std=0.02)",
    "trunc_normal_(x, 1.5, 1.0, -2, 2)",
    "trunc_normal_(x, 0.0, 1.0, 1.0, 1.5)",
    "trunc_normal_(x, 5.0)",
    "constant_(x, 2)",
    "ones_(x)",
    "zeros_(x)",
    "eye_(x)",
    "xavier_uniform_(x, 2)",
    "xavier_normal_(x)",
    "kaiming_uniform_(x)",
    "kaiming_uniform_(x, a=5**0.5)",
    "kaiming_uniform_(x, mode='FAN_OUT', nonlinearity='relu')",
    "kaiming_normal_(x, mode='fan_out', nonlinearity='relu')",
    "orthogonal_(x)",
    "orthogonal_(x, gain=3)",
    "sparse_(x, 0.3)",
    "kaiming_uniform_(x, mode='x')",
    "kaiming_uniform_(x, nonlinearity='x')",
    "uniform_(x, 2, 1)",
    "normal_(x, 0, -1)",
    "dirac_(x)",
]
_CONVOLUTION_FILLS = ["dirac_(x)", "dirac_(x, 2)", "orthogonal_(x)", "eye_(x)"]

#: Calls from ``nn.init``, with the shape and dtype of what they fill.
FILLS = [
    *((fill, shape, "float32") for fill in _FILLS for shape in ((3, 4), (20, 10), (5, 8))),
    *((fill, (3, 4), "float64") for fill in _FILLS),
    *((fill, (4, 2, 3), "float32") for fill in _CONVOLUTION_FILLS),
    *((fill, (4, 4, 3, 3), "float32") for fill in _CONVOLUTION_FILLS),
    *((fill, (2, 3, 2, 4, 3), "float32") for fill in _CONVOLUTION_FILLS),
    *((fill, (4,), "float32") for fill in _CONVOLUTION_FILLS),
]


def filled(package: Any, fill: str, shape: tuple[int, ...], dtype: str) -> list[Any]:
    """The values of a seeded fill or its error, its warnings, and the random number after it."""
    package.manual_seed(0)
    scope = {**vars(package.nn.init), "x": package.empty(shape, dtype=getattr(package, dtype))}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            values = eval(fill, scope).flatten().tolist()
        except Exception as error:
            values = f"{type(error).__name__}: {error}"
    # The next draw shows that as many random numbers were consumed.
    return [values, [str(warning.message) for warning in caught], package.rand(1).item()]
