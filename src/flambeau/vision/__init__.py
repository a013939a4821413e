"""Datasets of images and transforms: what ``torchvision`` is for PyTorch.

Under ``flambeau run``, ``import torchvision`` gives this package. Images are read and changed by
Pillow, which ``pip install flambeau[vision]`` brings; what works on tensors alone needs none.
"""

from flambeau.vision import datasets, transforms, utils

__all__ = ["datasets", "transforms", "utils"]
