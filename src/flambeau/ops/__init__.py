"""The operations: every function of the ``torch`` namespace, and the methods of Tensor.

One file a family; importing this package binds them all. See ``_registry`` for the form.
"""

from flambeau.ops import (
    arithmetic,
    broadcasting,
    conversion,
    creation,
    indexing,
    products,
    shape,
)
from flambeau.ops._composite import composite
from flambeau.ops._promotion import result_type
from flambeau.ops.arithmetic import *
from flambeau.ops.broadcasting import *
from flambeau.ops.conversion import *
from flambeau.ops.creation import *
from flambeau.ops.indexing import *
from flambeau.ops.pointwise import *
from flambeau.ops.products import *
from flambeau.ops.shape import *

__all__ = [
    "composite",
    "result_type",
    *arithmetic.__all__,
    *broadcasting.__all__,
    *conversion.__all__,
    *creation.__all__,
    *indexing.__all__,
    *products.__all__,
    *shape.__all__,
]
