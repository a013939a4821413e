"""The operations: every function of the ``torch`` namespace, and the methods of Tensor.

One file a family; importing this package binds them all. See ``_registry`` for the form.
"""

from flambeau.autograd.composite import composite
from flambeau.ops import (
    activation,
    arithmetic,
    as_functions,
    broadcasting,
    comparison,
    conversion,
    convolution,
    creation,
    differences,
    distance,
    divisors,
    dropouts,
    einstein,
    extremum,
    housekeeping,  # noqa: F401  it binds methods only
    indexing,
    joining,
    logic,
    mixing,
    norms,
    ordering,
    pointwise,
    products,
    random,
    reals,
    reduction,
    replacing,
    rounding,
    scan,
    selecting,
    selection,
    shape,
    shuffling,
    softmaxes,
    special,
    statistics,
    variance,
)
from flambeau.ops._promotion import result_type
from flambeau.ops.activation import *
from flambeau.ops.adaptive import (
    adaptive_avg_pool1d,
    adaptive_max_pool1d,
)
from flambeau.ops.alignment import ctc_loss
from flambeau.ops.arithmetic import *
from flambeau.ops.as_functions import *
from flambeau.ops.bilinear import bilinear
from flambeau.ops.broadcasting import *
from flambeau.ops.comparison import *
from flambeau.ops.conversion import *
from flambeau.ops.convolution import *
from flambeau.ops.creation import *
from flambeau.ops.differences import *
from flambeau.ops.distance import *
from flambeau.ops.divisors import *
from flambeau.ops.dropouts import *
from flambeau.ops.einstein import *
from flambeau.ops.extremum import *
from flambeau.ops.grids import (
    affine_grid_generator,
    grid_sampler,
)
from flambeau.ops.indexing import *
from flambeau.ops.joining import *
from flambeau.ops.linalg import cholesky, det, inverse, matrix_power, qr, slogdet
from flambeau.ops.logic import *
from flambeau.ops.mixing import *
from flambeau.ops.norms import *
from flambeau.ops.ordering import *
from flambeau.ops.padding import (
    constant_pad_nd,
)
from flambeau.ops.pointwise import *
from flambeau.ops.pooling import (
    avg_pool1d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool3d,
)
from flambeau.ops.products import *
from flambeau.ops.random import *
from flambeau.ops.reals import *
from flambeau.ops.reduction import *
from flambeau.ops.replacing import *
from flambeau.ops.rounding import *
from flambeau.ops.scan import *
from flambeau.ops.selecting import *
from flambeau.ops.selection import *
from flambeau.ops.shape import *
from flambeau.ops.shuffling import *
from flambeau.ops.softmaxes import *
from flambeau.ops.special import *
from flambeau.ops.statistics import *
from flambeau.ops.variance import *

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "affine_grid_generator",
    "avg_pool1d",
    "bilinear",
    "cholesky",
    "composite",
    "constant_pad_nd",
    "ctc_loss",
    "det",
    "grid_sampler",
    "inverse",
    "matrix_power",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool3d",
    "qr",
    "result_type",
    "slogdet",
]
__all__ += activation.__all__
__all__ += arithmetic.__all__
__all__ += as_functions.__all__
__all__ += broadcasting.__all__
__all__ += comparison.__all__
__all__ += conversion.__all__
__all__ += convolution.__all__
__all__ += creation.__all__
__all__ += differences.__all__
__all__ += distance.__all__
__all__ += divisors.__all__
__all__ += dropouts.__all__
__all__ += einstein.__all__
__all__ += extremum.__all__
__all__ += indexing.__all__
__all__ += joining.__all__
__all__ += logic.__all__
__all__ += mixing.__all__
__all__ += norms.__all__
__all__ += ordering.__all__
__all__ += pointwise.__all__
__all__ += products.__all__
__all__ += random.__all__
__all__ += reals.__all__
__all__ += reduction.__all__
__all__ += replacing.__all__
__all__ += rounding.__all__
__all__ += scan.__all__
__all__ += selecting.__all__
__all__ += selection.__all__
__all__ += shape.__all__
__all__ += shuffling.__all__
__all__ += softmaxes.__all__
__all__ += special.__all__
__all__ += statistics.__all__
__all__ += variance.__all__
