"""``torch.func``: modules as functions of their parameters."""

from flambeau.nn.utils._functional_call import functional_call

__all__ = ["functional_call"]
