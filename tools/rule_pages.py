"""Writes docs/rules/ from rules/. With --check it only says whether the pages are current.

Usage: python tools/rule_pages.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.page import index_of, page_of

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "rules"


def pages() -> dict[Path, str]:
    """Every page by its path."""
    rules = load_rules(ROOT / "rules")
    result = {PAGES / f"{rule.code}.md": page_of(rule) for rule in rules}
    return result | {PAGES / "README.md": index_of(rules)}


def stale() -> list[Path]:
    """Pages that are missing, out of date, or of a rule that is gone."""
    wanted = pages()
    present = set(PAGES.glob("*.md"))
    changed = {p for p, text in wanted.items() if p not in present or p.read_text() != text}
    return sorted(changed | (present - set(wanted)))


def write() -> None:
    """Bring the folder up to date."""
    wanted = pages()
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in set(PAGES.glob("*.md")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)


def main() -> int:
    """Check or write."""
    if sys.argv[1:] != ["--check"]:
        write()
        return 0
    late = stale()
    for path in late:
        print(f"stale: {path.relative_to(ROOT)} (run python tools/rule_pages.py)")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
