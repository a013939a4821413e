"""Random images, for trying out what needs a dataset."""

from collections.abc import Callable
from typing import Any

from flambeau import ops
from flambeau.generator import Generator
from flambeau.vision.datasets.vision import VisionDataset
from flambeau.vision.transforms import ToPILImage

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Random Pillow images of random classes, always the same for an index.

    Args:
        size: how many.
        image_size: channels, height and width.
        num_classes: how many classes.
        transform: takes a Pillow image.
        target_transform: takes the class.
        random_offset: added to the index to seed an image.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        generator = Generator()
        generator.manual_seed(index + self.random_offset)
        image = ops.randn(*self.image_size, generator=generator)
        target = ops.randint(0, self.num_classes, (1,), generator=generator)
        return self._transformed(ToPILImage()(image), int(target.item()))

    def __len__(self) -> int:
        return self.size
