"""What training looked like: curves, and digits with what was read in them."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

__all__ = ["draw_curves", "draw_predictions"]


def draw_curves(history: Sequence[tuple[float, float, float, float]], file: Path) -> None:
    """Draw each epoch's training loss and accuracy, held-out loss and accuracy."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = range(1, len(history) + 1)
    for axes, title, columns in [(left, "loss", (0, 2)), (right, "accuracy", (1, 3))]:
        for name, column in zip(["training", "held out"], columns, strict=True):
            axes.plot(epochs, [row[column] for row in history], marker="o", label=name)
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(file, dpi=120)
    plt.close(figure)


def draw_predictions(
    images: np.ndarray, labels: np.ndarray, predictions: np.ndarray, file: Path
) -> None:
    """Draw a grid of digits with what was read in them: first, in red, what was misread."""
    figure, grid = plt.subplots(4, 9, figsize=(9, 4.6), layout="constrained")
    wrong, right = np.flatnonzero(predictions != labels), np.flatnonzero(predictions == labels)
    shown = np.concatenate([wrong[:9], right])[: grid.size]
    for axes in grid.flat:
        axes.axis("off")
    for axes, index in zip(grid.flat, shown, strict=False):
        read, truth = predictions[index], labels[index]
        axes.imshow(images[index], cmap="gray_r")
        if read == truth:
            axes.set_title(f"{read}", fontsize=10)
        else:
            axes.set_title(f"{read}, is {truth}", color="red", fontsize=10)
    figure.savefig(file, dpi=120)
    plt.close(figure)
