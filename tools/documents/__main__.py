"""``python -m tools.documents``: lists documents' code, compares, makes golden outputs.

list       the blocks of each document, their lines, and what is wrong with them
compare    run them with PyTorch and with flambeau, side by side
golden     run them with PyTorch and keep what they print in tests/golden/
"""

import argparse
import sys
from pathlib import Path

from tools.documents import golden
from tools.documents.compare import difference, outcome_difference
from tools.documents.extract import Block, is_valid, read_folder
from tools.documents.run import FLAMBEAU, PYTORCH, programs, run_blocks, run_script


def main() -> int:
    """Do what the command line says; 1 if a comparison fails."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.documents",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=["list", "compare", "golden"])
    parser.add_argument("--documents", type=Path, default=golden.DOCUMENTS, metavar="DIR")
    arguments = parser.parse_args()
    if not arguments.documents.is_dir():
        parser.error(f"no folder {arguments.documents}: name one with --documents DIR")
    documents = read_folder(arguments.documents)
    if arguments.action == "list":
        return _list(documents)
    if arguments.action == "compare":
        return _compare(documents)
    golden.write(documents)
    return 0


def _list(documents: dict[str, list[Block]]) -> int:
    for name, blocks in documents.items():
        print(f"{name}: {len(blocks)} blocks")
        for block in blocks:
            first = block.code.strip().split("\n")[0]
            remark = "" if is_valid(block.code) else "  [syntax error]"
            print(f"  {block.line:4} {block.digest} {first[:60]}{remark}")
    return 0


def _compare(documents: dict[str, list[Block]]) -> int:
    failures = 0
    for name, blocks in documents.items():
        for form, program in programs(blocks).items():
            theirs, ours = run_blocks(program, PYTORCH), run_blocks(program, FLAMBEAU)
            for block, expected, actual in zip(program, theirs, ours, strict=True):
                said = outcome_difference(expected, actual)
                failures += said is not None
                print(f"{name}:{block.line} {form}: {said or expected['status']}")
    for script in golden.scripts():
        said = difference(run_script(script, PYTORCH), run_script(script, FLAMBEAU))
        failures += said is not None
        print(f"{script.name}: {said or 'ok'}")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
