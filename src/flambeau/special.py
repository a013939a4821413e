"""``torch.special``: special functions, elementwise."""

from flambeau.ops.pointwise import exp2, expm1, log1p
from flambeau.ops.reduction import logsumexp
from flambeau.ops.rounding import round  # noqa: A004  PyTorch calls it so
from flambeau.ops.softmaxes import log_softmax, softmax
from flambeau.ops.special import (
    digamma,
    entr,
    erf,
    erfc,
    erfinv,
    expit,
    gammaln,
    i0,
    i1,
    logit,
    multigammaln,
    ndtr,
    polygamma,
    psi,
    sinc,
    xlog1py,
    xlogy,
    zeta,
)

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "i0",
    "i1",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]
