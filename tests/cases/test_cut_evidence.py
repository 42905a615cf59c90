"""With the guilty rank's own lines deleted, nobody else may be accused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.clean import clean
from dsdoctor.logs.origin import PrefixParser
from dsdoctor.model import Origin, Role
from tests.conftest import ROOT, Read

CASES = [
    path
    for path in sorted((ROOT / "fixtures" / "cases").glob("*/meta.yaml"))
    if isinstance(yaml.safe_load(path.read_text())["root_rank"], int)
    and (path.parent / "job.log").is_file()
]


def without(log: bytes, rank: int) -> bytes:
    """The log without the lines that carry the rank's mark, and without what names it guilty."""
    parser = PrefixParser(Origin(), 2026)
    kept = []
    for raw in log.split(b"\n"):
        origin, text = parser.split(clean(raw))
        named = f"local_rank: {rank} " in text or f"rank      : {rank} " in text
        if origin.rank != rank and not named and f"Rank {rank} failed" not in text:
            kept.append(raw)
    return b"\n".join(kept)


@pytest.mark.parametrize("meta_path", CASES, ids=lambda path: path.parent.name)
def test_nobody_else_is_accused(meta_path: Path, pack: Pack, read: Read) -> None:
    """Name the silent rank, or be less sure, or say that the cause is unknown."""
    guilty = yaml.safe_load(meta_path.read_text())["root_rank"]
    log = (meta_path.parent / "job.log").read_bytes()
    cut = without(log, guilty)
    if cut == log:
        pytest.skip("no line of this log carries the mark of the guilty rank")
    root = explain(Material([read(cut)]), pack).verdict.root
    if root is None:
        return
    assert root.role is Role.CAUSE
    accused = set(root.ranks)
    assert not accused or guilty in accused or root.confidence.value != "certain", root
