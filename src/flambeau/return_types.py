"""``torch.return_types``: the named tuples of operations with several results."""

from flambeau.ops import return_types
from flambeau.ops.return_types import *  # noqa: F403

__all__ = return_types.__all__
