"""The named tuples that operations with several results give: ``torch.return_types``."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flambeau.ir import naming

__all__ = [
    "aminmax",
    "cummax",
    "cummin",
    "histogram",
    "kthvalue",
    "linalg_eigh",
    "linalg_qr",
    "linalg_slogdet",
    "linalg_svd",
    "lstsq",
    "max",
    "median",
    "min",
    "mode",
    "nanmedian",
    "sort",
    "topk",
]


def _repr(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"{naming.prefix()}.return_types.{type(self).__name__}(\n{fields})"


def _result(name: str, *fields: str) -> Any:
    base = namedtuple(name, fields)  # type: ignore[misc]
    return type(name, (base,), {"__slots__": (), "__repr__": _repr, "__str__": _repr})


aminmax = _result("aminmax", "min", "max")
cummax = _result("cummax", "values", "indices")
cummin = _result("cummin", "values", "indices")
histogram = _result("histogram", "hist", "bin_edges")
kthvalue = _result("kthvalue", "values", "indices")
linalg_eigh = _result("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_qr = _result("linalg_qr", "Q", "R")
linalg_slogdet = _result("linalg_slogdet", "sign", "logabsdet")
linalg_svd = _result("linalg_svd", "U", "S", "Vh")
lstsq = _result("lstsq", "solution", "residuals", "rank", "singular_values")
max = _result("max", "values", "indices")
median = _result("median", "values", "indices")
min = _result("min", "values", "indices")
mode = _result("mode", "values", "indices")
nanmedian = _result("nanmedian", "values", "indices")
sort = _result("sort", "values", "indices")
topk = _result("topk", "values", "indices")
