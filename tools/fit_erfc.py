"""Fit the polynomial behind ``erfc`` in ``flambeau.ir.primitives.special`` and print it.

For x >= 1, ``x * exp(x**2) * erfc(x)`` is smooth in ``y = (x - 4) / (x + 2)``, which maps
[1, inf) to [-1, 1). It is interpolated at Chebyshev's points in 60 digits. Needs mpmath.
"""

from mpmath import mp

mp.dps = 60
TERMS = 23


def scaled_erfc(y: mp.mpf) -> mp.mpf:
    """``x * exp(x**2) * erfc(x)`` where ``y = (x - 4) / (x + 2)``."""
    x = (2 * y + 4) / (1 - y)
    return x * mp.exp(x * x) * mp.erfc(x)


def coefficients() -> list[mp.mpf]:
    """The interpolating polynomial's coefficients, constant term first."""
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * TERMS)) for k in range(TERMS)]
    powers = mp.matrix(TERMS, TERMS)
    for row, node in enumerate(nodes):
        for column in range(TERMS):
            powers[row, column] = node**column
    return list(mp.lu_solve(powers, mp.matrix([scaled_erfc(node) for node in nodes])))


if __name__ == "__main__":
    for value in coefficients():
        print(f"    {float(value)!r},")
