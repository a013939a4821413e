"""Under ``flambeau run``, torch and torchvision are flambeau, by name and by object."""

import pickle
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import FLAMBEAU, PYTHON, Run


def test_torch_is_flambeau_itself(run: Run) -> None:
    assert printed(run, "import torch, flambeau; print(torch is flambeau)") == "True"


SUBMODULES = ["nn", "nn.functional", "nn.modules.linear", "optim", "utils.data"]


@pytest.mark.parametrize(("first", "second"), [("torch", "flambeau"), ("flambeau", "torch")])
def test_submodules_are_the_same_objects(first: str, second: str, run: Run) -> None:
    names = [f"{package}.{name}" for package in (first, second) for name in SUBMODULES]
    code = f"import sys, {', '.join(names)}\nfor name in {SUBMODULES}:\n"
    code += "    print(sys.modules['torch.' + name] is sys.modules['flambeau.' + name])"
    assert printed(run, code).split() == ["True"] * len(SUBMODULES)


def test_torchvision_is_flambeau_vision(run: Run) -> None:
    code = "import torchvision.transforms as ours, flambeau.vision.transforms as theirs"
    assert (
        printed(run, f"{code}; print(ours is theirs, ours.__name__)")
        == "True torchvision.transforms"
    )


def test_from_import_works(run: Run) -> None:
    code = "from torch import nn; from torch.nn import functional as F, Linear; import torch"
    assert (
        printed(run, f"{code}; print(F is torch.nn.functional, Linear is nn.Linear)") == "True True"
    )


PRINTED = {
    "torch.float32": "torch.float32",
    "torch.zeros(2, 3).shape": "torch.Size([2, 3])",
    "torch.nn.Parameter": "<class 'torch.nn.parameter.Parameter'>",
    "torch.nn.Linear": "<class 'torch.nn.modules.linear.Linear'>",
    "torch.Tensor": "<class 'torch.Tensor'>",
    "type(torch.zeros(1))": "<class 'torch.Tensor'>",
    "torch.optim.SGD": "<class 'torch.optim.sgd.SGD'>",
    "torch.optim.lr_scheduler.StepLR": "<class 'torch.optim.lr_scheduler.StepLR'>",
    "torch.no_grad": "<class 'torch.autograd.grad_mode.no_grad'>",
    "torch.Size": "<class 'torch.Size'>",
    "type(torch.float32)": "<class 'torch.dtype'>",
    "type(torch.device('cpu'))": "<class 'torch.device'>",
    "torch.nn.functional.cross_entropy.__module__": "torch.nn.functional",
    "torch.__name__": "torch",
}


def test_names_are_printed_as_pytorch_prints_them(run: Run) -> None:
    code = f"import torch\nfor x in {list(PRINTED)}: print(eval(x))"
    lines = printed(run, code).splitlines()
    assert dict(zip(PRINTED, lines, strict=True)) == PRINTED


def test_names_are_flambeaus_without_run(run: Run) -> None:
    ended = run(PYTHON, "-c", "import flambeau; print(flambeau.float32, flambeau.nn.Linear)")
    assert ended.stdout.strip() == "flambeau.float32 <class 'flambeau.nn.modules.linear.Linear'>"


def test_torch_stays_unknown_without_run(run: Run) -> None:
    code = "import flambeau, sys; print([m for m in sys.modules if m.split('.')[0] == 'torch'])"
    assert run(PYTHON, "-c", code).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (
            "import torch.no_such",
            "ModuleNotFoundError: No module named 'torch.no_such'"
            " (flambeau has no module 'flambeau.no_such')",
        ),
        (
            "import torchvision.no_such.deeper",
            "ModuleNotFoundError: No module named 'torchvision.no_such'"
            " (flambeau has no module 'flambeau.vision.no_such')",
        ),
        (
            "from torch import no_such",
            "ImportError: cannot import name 'no_such' from 'torch'",
        ),
        (
            "import torch; torch.no_such",
            "AttributeError: module 'torch' has no attribute 'no_such'",
        ),
        (
            "import torch; torch.nn.no_such",
            "AttributeError: module 'torch.nn' has no attribute 'no_such'",
        ),
    ],
)
def test_what_does_not_exist_is_named(code: str, complaint: str, run: Run) -> None:
    ended = run(FLAMBEAU, "run", "-c", code)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(complaint)
    assert "flambeau/cli" not in ended.stderr


def test_missing_submodule_can_be_caught(run: Run) -> None:
    code = "try:\n    import torch.no_such\nexcept ImportError as e:\n    print(e.name)"
    assert printed(run, code) == "torch.no_such"


def test_pickles_carry_pytorchs_names(run: Run) -> None:
    code = "import pickle, torch; print(pickle.dumps(torch.nn.Linear, 0).decode())"
    assert "torch.nn.modules.linear" in printed(run, code)


def test_what_has_pytorchs_name_can_be_pickled(run: Run) -> None:
    things = "[torch.float32, torch.Size([2]), torch.no_grad, torch.Tensor, torch.dtype]"
    code = f"import pickle, torch; x = {things}; print(pickle.loads(pickle.dumps(x)) == x)"
    assert printed(run, code) == "True"


def test_help_finds_a_class(run: Run) -> None:
    text = printed(run, "import torch; help(torch.nn.Linear)")
    assert text.startswith("Help on class Linear in module torch.nn.modules.linear:")


WORKERS = """
import multiprocessing, sys
import torch
import torch.nn

def work(x):
    return x + 1, __name__, torch.nn.__name__, str(torch.float32)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        print(pool.map(work, [1]))
"""


@pytest.mark.parametrize(
    ("method", "main"),
    [("fork", "__main__"), ("spawn", "__mp_main__"), ("forkserver", "__mp_main__")],
)
def test_worker_processes_know_torch(method: str, main: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(WORKERS)
    ended = run(FLAMBEAU, "run", "script.py", method)
    assert ended.stderr == ""
    assert ended.stdout.strip() == str([(2, main, "torch.nn", "torch.float32")])


def test_class_of_the_script_goes_to_a_spawned_worker(run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import multiprocessing, torch\n"
        "class Point:\n    x = 3\n"
        "def work(point):\n    return point.x\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(work, [Point()]))\n"
    )
    assert run(FLAMBEAU, "run", "script.py").stdout.strip() == "[3]"


def printed(run: Run, code: str) -> str:
    ended: subprocess.CompletedProcess[str] = run(FLAMBEAU, "run", "-c", code)
    assert ended.stderr == ""
    assert ended.returncode == 0
    return ended.stdout.strip()


def test_pickle_of_this_process_is_unchanged() -> None:
    from flambeau.nn import Linear

    assert b"flambeau.nn.modules.linear" in pickle.dumps(Linear)
