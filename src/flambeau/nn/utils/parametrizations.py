"""Parametrizations ready for use: weight norm, spectral norm, orthogonal matrices."""

from typing import Any

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.nn.utils._orthogonal import MAPS, _Orthogonal
from flambeau.nn.utils.parametrize import register_parametrization
from flambeau.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def norm_except_dim(weight: Tensor, dim: int | None) -> Tensor:
    """The Euclidean norm of each slice along ``dim``, or of the whole tensor for None or -1."""
    if dim is None or dim == -1:
        return weight.norm()
    others = [other for other in range(weight.dim()) if other != dim % weight.dim()]
    return weight.square().sum(others, keepdim=True).sqrt()


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / norm_except_dim(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn the length and the direction of a weight apart: ``w = g v / |v|``.

    Salimans & Kingma, *Weight normalization*, 2016. The length is
    ``parametrizations.weight.original0``, the direction ``original1``.

    Args:
        module: a layer.
        name: the name of its weight.
        dim: one length is learned for each index of this dimension; None learns a single one.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module._register_load_state_dict_pre_hook(_OldKeys(name, ("g", "v")))
    return module


class _OldKeys:
    """On loading, renames the keys that the older, hook-based function saved under."""

    def __init__(self, name: str, parts: tuple[str, ...]) -> None:
        self.name = name
        self.parts = parts

    def __call__(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        old_keys = [f"{prefix}{self.name}_{part}" for part in self.parts]
        if not all(key in state_dict for key in old_keys):
            return
        for place, key in enumerate(old_keys):
            new_key = f"{prefix}parametrizations.{self.name}.original{place}"
            state_dict[new_key] = state_dict.pop(key)


class _SpectralNorm(Module):
    """Divides by an estimate of the largest singular value, kept up by power iteration."""

    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        ndim = weight.dim()
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] "
                f"but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, "
                f"but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if ndim == 1:
            return
        with no_grad():
            matrix = self._as_matrix(weight)
            rows, columns = matrix.shape
            u = matrix.new_empty(rows).normal_(0, 1)
            v = matrix.new_empty(columns).normal_(0, 1)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._iterate(matrix, 15)

    def _as_matrix(self, weight: Tensor) -> Tensor:
        return weight.movedim(self.dim, 0).flatten(1)

    def _iterate(self, matrix: Tensor, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u = F.normalize(ops.mv(matrix, self._v), dim=0, eps=self.eps)
                self._v = F.normalize(ops.mv(matrix.t(), self._u), dim=0, eps=self.eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._as_matrix(weight)
        if self.training:
            self._iterate(matrix.detach(), self.n_power_iterations)
        sigma = ops.dot(self._u.clone(), ops.mv(matrix, self._v.clone()))
        return weight / sigma

    def right_inverse(self, value: Tensor) -> Tensor:
        # Dividing it by its norm once more would not change a value of norm one.
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value, so that the layer stretches nothing.

    Miyato et al., *Spectral normalization for generative adversarial networks*, 2018. Tensors of
    more dimensions count as matrices. In training mode each use improves the estimate.

    Args:
        module: a layer.
        name: the name of its weight.
        n_power_iterations: how many steps of power iteration each use makes.
        eps: a small number against division by zero.
        dim: the dimension of the outputs: 0, but 1 for transposed convolutions.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = output_dimension(module)
    parametrization = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return register_parametrization(module, name, parametrization)


def output_dimension(module: Module) -> int:
    """The dimension of a layer's weight that stands for its outputs."""
    transposed = any("ConvTranspose" in cls.__name__ for cls in type(module).__mro__)
    return 1 if transposed else 0


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep the columns of a weight orthonormal, or its rows if it is wide.

    Lezcano-Casado, *Trivializations for gradient-based optimization on manifolds*, 2019.

    Args:
        module: a layer.
        name: the name of its weight, a matrix or a batch of them.
        orthogonal_map: how a free matrix becomes an orthogonal one: ``"matrix_exp"`` (the default
            for square weights), ``"cayley"`` or ``"householder"`` (the default for others).
        use_trivialization: begin at the present weight, made orthogonal, and allow assigning to
            it, by means of a buffer ``base``.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.dim() < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions."
        )
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    parametrization = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, parametrization, unsafe=True)
