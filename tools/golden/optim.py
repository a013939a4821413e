"""Write the golden values of optimizers and schedulers: run `python -m tools.golden.optim`."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy
import torch

from tools.golden import optim_cases as cases

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"


def main() -> None:
    """Write `optim.npz` (trajectories, final states, schedules) and `optim.json` (all else)."""
    warnings.simplefilter("ignore")
    arrays: dict[str, Any] = {}
    facts: dict[str, Any] = {"groups": {}, "states": {}}
    for case in cases.OPTIMIZERS:
        add_trajectory(case, arrays, facts)
    for case in {**cases.SCHEDULERS, **cases.COMBINED}:
        for name in ("SGD", "Adam"):
            arrays[f"schedule/{case}/{name}"] = cases.schedule(torch, case, name)
    numpy.savez_compressed(GOLDEN / "optim.npz", **arrays)
    facts["option_errors"] = [
        [name, options, cases.option_error(torch, name, options)]
        for name, options in cases.option_sweep()
    ]
    facts["scheduler_errors"] = [
        cases.scheduler_error(torch, name, options) for name, options in cases.BAD_SCHEDULERS
    ]
    (GOLDEN / "optim.json").write_text(dump(facts))


def add_trajectory(case: str, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    """Record the snapshots of a case, and what its optimizer's `state_dict` looks like."""
    params = cases.make_params(torch, cases.OPTIMIZERS[case][0])
    optimizer = cases.make_optimizer(torch, case, params)
    for step in range(cases.STEPS):
        cases.take_step(optimizer, params, step)
        if step + 1 in cases.SNAPSHOTS:
            flat = torch.cat([param.detach().reshape(-1) for param in params])
            arrays[f"{case}/{step + 1}"] = flat.numpy()
    state = optimizer.state_dict()
    facts["groups"][case] = state["param_groups"]
    facts["states"][case] = {
        number: {name: layout(value) for name, value in values.items()}
        for number, values in state["state"].items()
    }
    for number, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor) and name not in {"al", "ro"}:
                arrays[f"{case}/state/{number}/{name}"] = value.numpy()


def layout(value: Any) -> Any:
    """Return the dtype and shape of a state tensor, or the type of another value."""
    if isinstance(value, torch.Tensor):
        return [str(value.dtype).removeprefix("torch."), list(value.shape)]
    return type(value).__name__


def dump(facts: dict[str, Any]) -> str:
    """Return JSON with an entry of a table on a line."""
    lines = []
    for name, table in facts.items():
        if isinstance(table, dict):
            rows = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items()]
            lines.append(f"{json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n}")
        else:
            rows = [json.dumps(value) for value in table]
            lines.append(f"{json.dumps(name)}: [\n" + ",\n".join(rows) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
