"""``torch.return_types``: the named tuples of operations with several results."""

from flambeau.ops.return_types import *
from flambeau.ops.return_types import __all__ as __all__
