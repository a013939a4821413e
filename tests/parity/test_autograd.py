"""Every fact that tests/autograd states of flambeau is a fact of PyTorch."""

import importlib

import pytest

pytorch = pytest.importorskip("torch")

SUBJECTS = ("backward", "function", "functional", "hooks", "inplace", "modes", "saved")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def torch():
    return pytorch


for _subject in SUBJECTS:
    _module = importlib.import_module(f"tests.autograd.test_{_subject}")
    for _name, _value in vars(_module).items():
        if _name.startswith("test_") and not hasattr(_value, "ours_alone"):
            globals()[f"{_name}__{_subject}"] = _value
