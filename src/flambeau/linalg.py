"""``torch.linalg``: linear algebra."""

from flambeau.ops.linalg import *
from flambeau.ops.linalg import __all__ as __all__
