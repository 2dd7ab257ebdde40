"""Says how long modules and functions are, beside what the house asks for. A report, not a gate."""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src" / "ctr_ci"
MEDIAN, NINE_OF_TEN, LARGEST, RULE, SCREEN = 100, 250, 500, 120, 60


def main() -> int:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.rglob("*.py")}
    ordered = sorted(lengths.values())
    print(f"modules     {len(ordered)}, {sum(ordered)} lines")
    print(f"median      {statistics.median(ordered):.0f} (asked: under {MEDIAN})")
    print(f"nine of ten {ordered[len(ordered) * 9 // 10]} (asked: under {NINE_OF_TEN})")
    print(f"largest     {ordered[-1]} (asked: none over {LARGEST})")
    for path, length in sorted(lengths.items(), key=lambda item: -item[1]):
        rule = path.parent.name == "rules" and length > RULE
        if length > LARGEST or rule:
            print(f"  {length:4} {path.relative_to(ROOT)}{' (a rule)' if rule else ''}")
    long = []
    for path in lengths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > SCREEN:
                    long.append((length, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    print(f"functions over a screen ({SCREEN} lines): {len(long)}")
    for length, name in sorted(long, reverse=True):
        print(f"  {length:4} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
