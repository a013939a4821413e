"""``torch.linalg``: linear algebra."""

from flambeau.ops import linalg
from flambeau.ops.linalg import *  # noqa: F403

__all__ = linalg.__all__
