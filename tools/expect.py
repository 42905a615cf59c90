"""Writes tests/cases/expected.yaml: the code and confidence that each captured case gets today.

Usage: python -m tools.expect. The labels in each case's meta.yaml judge the verdict by themselves;
this table only keeps it from changing unseen. Review the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.discover import discover

ROOT = Path(__file__).parent.parent
OUT = ROOT / "tests" / "cases" / "expected.yaml"
HEAD = "# case: what dsdoctor says today. Written by tools/expect.py, reviewed by hand.\n"


def main() -> None:
    """Write the table."""
    pack = load_pack()
    table = {}
    for meta in sorted((ROOT / "fixtures" / "cases").glob("*/meta.yaml")):
        material = read_material(discover([str(meta.parent)]).paths, pack)
        root = explain(material, pack).verdict.root
        said = {"code": root.code, "confidence": root.confidence.value} if root else None
        table[meta.parent.name] = said
    OUT.write_text(HEAD + yaml.safe_dump(table, width=100))


if __name__ == "__main__":
    main()
