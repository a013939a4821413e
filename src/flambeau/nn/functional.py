"""``torch.nn.functional``: the functions that layers are made of, without their state."""

from flambeau.ops.products import linear

__all__ = ["linear"]
