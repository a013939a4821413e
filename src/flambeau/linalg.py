"""``torch.linalg``: linear algebra."""

from flambeau.ops import linalg
from flambeau.ops.linalg import *  # noqa: F403
from flambeau.ops.linalg_norms import matrix_norm, norm, vector_norm

__all__ = ["matrix_norm", "norm", "vector_norm"]
__all__ += linalg.__all__
