"""The words in which a bad checkpoint is reported: PyTorch's, and the name of the file."""

import re
from pickle import UnpicklingError

__all__ = ["corrupt", "describe", "weights_only_error"]

_UNSAFE_HINT = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the "
    "file from a trusted source."
)

_TWO_OPTIONS = (
    "Weights only load failed. This file can still be loaded, to do so you have two options, "
    "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
    f"\n\t(1) {_UNSAFE_HINT}\n\t(2) Alternatively, to load with `weights_only=True` please check "
    "the recommended steps in the following error message.\n\tWeightsUnpickler error: "
)


def corrupt(file: str, what: str) -> RuntimeError:
    """The error for an archive that is not what it should be.

    Args:
        file: the archive's name.
        what: what is wrong with it, after the words "failed".
    """
    return RuntimeError(
        f"PytorchStreamReader failed {what}. "
        f"The checkpoint {file} is corrupted, truncated or not a checkpoint."
    )


def weights_only_error(file: str, message: str) -> UnpicklingError:
    """The error for a pickle that the restricted unpickler refuses."""
    where = f"\n\nThe checkpoint is {file}."
    if re.search(r"GLOBAL \S+ was not an allowed global by default", message):
        return UnpicklingError(_TWO_OPTIONS + message + where)
    if re.search(r"whose module \S+ is blocked", message):
        return UnpicklingError(f"Weights only load failed. {_UNSAFE_HINT}\n\n{message}{where}")
    return UnpicklingError(
        f"Weights only load failed. WeightsUnpickler error: {message}{where} "
        "It is damaged, or holds what weights_only=True does not load."
    )


def describe(file: object) -> str:
    """The name of a file, or of a file-like object, for messages."""
    if isinstance(file, (str, bytes)):
        return repr(file)
    name = getattr(file, "name", None)
    if isinstance(name, (str, bytes)):
        return repr(name)
    return f"in a {type(file).__name__}"
