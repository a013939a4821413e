"""Pillow, imported when it is first needed."""

import importlib
import sys
from types import ModuleType
from typing import Any

__all__ = ["is_pil_image", "pillow"]


def pillow(module: str = "Image") -> ModuleType:
    """A module of Pillow; ``ImportError`` says how to install it."""
    try:
        return importlib.import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError(
            "Pillow is needed to work with images: pip install flambeau[vision]"
        ) from error


def is_pil_image(value: Any) -> bool:
    """Whether a value is a Pillow image (of which there are none while Pillow is not loaded)."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)
