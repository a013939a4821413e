"""Run every benchmark, or those named: ``python -m benchmarks overhead training``."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> None:
    """Run each benchmark in a process of its own, in a fixed order."""
    names = sys.argv[1:] or sorted(p.stem for p in FOLDER.glob("*.py") if p.stem[0] != "_")
    for name in names:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
