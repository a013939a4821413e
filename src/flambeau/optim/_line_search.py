"""A line search for the strong Wolfe conditions.

Nocedal & Wright, *Numerical optimization*, 2nd edition, algorithms 3.5 (bracketing) and 3.6
(zooming), with cubic interpolation kept away from the ends of the bracket.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from flambeau.tensor import Tensor

__all__ = ["Point", "strong_wolfe"]


SUFFICIENT_DECREASE = 1e-4  # share of the decrease that the first slope promises
CURVATURE = 0.9  # share of the first slope that may remain


class Point(NamedTuple):
    """A point on the line: how far along it, the loss there, its gradient and its slope."""

    t: float
    loss: float
    grad: Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, smallest: float, budget: int
) -> tuple[Point, int]:
    """Find a point where the loss has decreased enough, and the slope flattened enough.

    Args:
        evaluate: computes the point at a given distance.
        start: the point at distance 0.
        t: the distance to try first.
        smallest: the width of a bracket that is not worth another evaluation.
        budget: the bound on evaluations after the first.

    Returns:
        The point, or the best one found, and the number of evaluations.
    """
    found, trials = _bracket(evaluate, start, t, budget)
    if isinstance(found, Point):
        return found, trials + 1
    best, trials = _zoom(evaluate, start, found, trials, smallest, budget)
    return best, trials + 1


def _too_high(point: Point, start: Point) -> bool:
    """Tell whether the loss has decreased too little, for the slope at the start."""
    return point.loss > start.loss + SUFFICIENT_DECREASE * point.t * start.slope


def _flat(point: Point, start: Point) -> bool:
    return abs(point.slope) <= -CURVATURE * start.slope


def _bracket(
    evaluate: Callable[[float], Point], start: Point, t: float, budget: int
) -> tuple[Point | list[Point], int]:
    """Move outward until a good point is found, or two points with one between them."""
    previous, point = start, evaluate(t)
    for trials in range(budget):
        rising = trials > 1 and point.loss >= previous.loss
        if _too_high(point, start) or rising:
            return [previous, point], trials
        if _flat(point, start):
            return point, trials
        if point.slope >= 0:
            return [previous, point], trials
        nearest = point.t + 0.01 * (point.t - previous.t)
        t = _cubic_minimum(previous, point, nearest, point.t * 10)
        previous, point = point, evaluate(t)
    return [start, point], budget


def _zoom(
    evaluate: Callable[[float], Point],
    start: Point,
    bracket: list[Point],
    trials: int,
    smallest: float,
    budget: int,
) -> tuple[Point, int]:
    """Shrink a bracket around a good point."""
    low = _lower(bracket)
    stuck = False
    while trials < budget:
        left, right = sorted(end.t for end in bracket)
        if right - left < smallest:
            break
        t = _cubic_minimum(bracket[0], bracket[1], left, right)
        t, stuck = _keep_off_ends(t, left, right, stuck)
        point = evaluate(t)
        trials += 1
        if _too_high(point, start) or point.loss >= bracket[low].loss:
            bracket[1 - low] = point
            low = _lower(bracket)
            continue
        if _flat(point, start):
            return point, trials
        if point.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    return bracket[low], trials


def _lower(bracket: list[Point]) -> int:
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _keep_off_ends(t: float, left: float, right: float, stuck: bool) -> tuple[float, bool]:
    """Move `t` off an end that it is close to for the second time running."""
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not stuck and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def _cubic_minimum(first: Point, second: Point, lower: float, upper: float) -> float:
    """Return where the cubic through two points is smallest, between `lower` and `upper`."""
    first, second = (first, second) if first.t <= second.t else (second, first)
    width = second.t - first.t
    d1 = first.slope + second.slope - 3 * (second.loss - first.loss) / width
    square = d1 * d1 - first.slope * second.slope
    if not square >= 0:
        return (lower + upper) / 2
    d2 = math.sqrt(square)
    numerator = second.slope + d2 - d1
    denominator = second.slope - first.slope + 2 * d2
    if denominator == 0:  # a straight line
        return upper if numerator < 0 else lower
    return min(max(second.t - width * numerator / denominator, lower), upper)
