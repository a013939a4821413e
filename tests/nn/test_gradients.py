"""Every kind of differentiable layer passes gradcheck and gradgradcheck in float64."""

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.autograd import gradcheck, gradgradcheck

#: A module as text, and the shapes of its inputs.
LAYERS = [
    ("nn.Linear(3, 2)", [(2, 3)]),
    ("nn.Bilinear(2, 3, 2)", [(2, 2), (2, 3)]),
    ("nn.Flatten()", [(2, 2, 2)]),
    ("nn.Unflatten(1, (2, 2))", [(2, 4)]),
    ("nn.Conv1d(2, 3, 2)", [(1, 2, 5)]),
    ("nn.Conv2d(2, 2, 2, padding=1, stride=2)", [(1, 2, 4, 4)]),
    ("nn.Conv2d(2, 4, 2, groups=2, bias=False)", [(1, 2, 3, 3)]),
    ("nn.Conv3d(1, 2, 2)", [(1, 1, 3, 3, 2)]),
    ("nn.ConvTranspose1d(2, 2, 2)", [(1, 2, 4)]),
    ("nn.ConvTranspose2d(2, 2, 2, stride=2)", [(1, 2, 2, 3)]),
    ("nn.MaxPool2d(2)", [(1, 1, 4, 4)]),
    ("nn.AvgPool2d(2)", [(1, 2, 4, 4)]),
    ("nn.AdaptiveAvgPool2d(2)", [(1, 2, 3, 5)]),
    ("nn.BatchNorm1d(3)", [(4, 3)]),
    ("nn.BatchNorm2d(2).eval()", [(2, 2, 2, 2)]),
    ("nn.InstanceNorm1d(2, affine=True)", [(2, 2, 4)]),
    ("nn.LayerNorm(4)", [(2, 4)]),
    ("nn.GroupNorm(2, 4)", [(2, 4, 3)]),
    ("nn.RMSNorm(4)", [(2, 4)]),
    ("nn.LocalResponseNorm(3)", [(1, 4, 2)]),
    ("nn.ELU()", [(2, 3)]),
    ("nn.GELU()", [(2, 3)]),
    ("nn.GELU('tanh')", [(2, 3)]),
    ("nn.GLU()", [(2, 4)]),
    ("nn.LeakyReLU()", [(2, 3)]),
    ("nn.LogSigmoid()", [(2, 3)]),
    ("nn.LogSoftmax(1)", [(2, 3)]),
    ("nn.Mish()", [(2, 3)]),
    ("nn.PReLU()", [(2, 3)]),
    ("nn.ReLU()", [(2, 3)]),
    ("nn.SELU()", [(2, 3)]),
    ("nn.SiLU()", [(2, 3)]),
    ("nn.Softmax(1)", [(2, 3)]),
    ("nn.Softplus()", [(2, 3)]),
    ("nn.Softsign()", [(2, 3)]),
    ("nn.Tanh()", [(2, 3)]),
    ("nn.CosineSimilarity()", [(2, 3), (2, 3)]),
    ("nn.PairwiseDistance()", [(2, 3), (2, 3)]),
    ("nn.MSELoss()", [(2, 3), (2, 3)]),
    ("nn.L1Loss()", [(2, 3), (2, 3)]),
    ("nn.SmoothL1Loss()", [(2, 3), (2, 3)]),
    ("nn.HuberLoss()", [(2, 3), (2, 3)]),
    ("nn.TripletMarginLoss()", [(2, 3), (2, 3), (2, 3)]),
    ("nn.ReflectionPad1d(1)", [(1, 2, 3)]),
    ("nn.Upsample(scale_factor=2, mode='bilinear')", [(1, 1, 2, 2)]),
    ("nn.PixelShuffle(2)", [(1, 4, 2, 2)]),
    ("nn.RNNCell(2, 3)", [(2, 2), (2, 3)]),
    ("nn.GRUCell(2, 3)", [(2, 2), (2, 3)]),
    ("nn.RNN(2, 3)", [(2, 1, 2)]),
    ("nn.GRU(2, 2, bidirectional=True)", [(2, 1, 2)]),
    ("nn.LSTM(2, 2, num_layers=2)", [(2, 1, 2)]),
    ("nn.MultiheadAttention(4, 2)", [(2, 1, 4), (3, 1, 4), (3, 1, 4)]),
    ("nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, activation='gelu')", [(2, 1, 4)]),
    ("nn.TransformerDecoderLayer(4, 2, 5, dropout=0.0, activation='gelu')", [(2, 1, 4), (2, 1, 4)]),
]


def trial(text, shapes):
    """The module as a function of its inputs and parameters, and values for both."""
    torch.manual_seed(0)
    module = eval(text, {"nn": nn}).double()
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    names = [name for name, _ in module.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in module.parameters()]

    def function(*tensors):
        parameters = dict(zip(names, tensors[len(inputs) :], strict=True))
        output = torch.func.functional_call(module, parameters, tensors[: len(inputs)])
        return output[0] if isinstance(output, tuple) else output

    return function, (*inputs, *values)


@pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=[text for text, _ in LAYERS])
def test_gradient_of_a_layer_is_that_of_small_differences(text, shapes):
    function, values = trial(text, shapes)
    assert gradcheck(function, values)


@pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=[text for text, _ in LAYERS])
def test_gradient_of_a_layers_gradient_is_that_of_small_differences(text, shapes):
    function, values = trial(text, shapes)
    assert gradgradcheck(function, values, fast_mode=True)
