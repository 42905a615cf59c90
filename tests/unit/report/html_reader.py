"""Reads the HTML report as a strict parser does, and holds it to the rules of such a page."""

from __future__ import annotations

import base64
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from tests.unit.report.runner import commands

XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
_HTML = (
    "html head meta title style body a header nav ul ol li main footer p script section article "
    "h1 h2 h3 h4 span strong b code pre mark figure figcaption div table caption thead tbody tr th "
    "td details summary dl dt dd br"
)
_SVG = "svg title desc g rect path text line use defs circle"
ELEMENTS = {f"{XHTML}{name}" for name in _HTML.split()} | {f"{SVG}{name}" for name in _SVG.split()}
LOADING = frozenset({"src", "srcset", "srcdoc", "action", "formaction", "poster", "data", "ping"})
"""Attributes with an address."""
_INDEX = re.compile(r"\{[^}]*\}")


def read_html(output: str) -> ET.Element:
    """The page, which must be valid, whole, and alone in the world."""
    html5lib = pytest.importorskip("html5lib")
    assert commands(output) == []
    output.encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True)
        page: ET.Element = parser.parse(output)
    _check_elements(page)
    _check_policy(page)
    _check_names(page)
    _check_headings(page)
    return page


def texts(page: ET.Element) -> str:
    """All text that a person may see."""
    if _local(page) in ("style", "script"):
        return ""
    inner = (texts(child) + (child.tail or "") for child in page)
    return (page.text or "") + "".join(inner)


def named(page: ET.Element, name: str) -> Iterator[ET.Element]:
    """The elements of that name."""
    return (one for one in page.iter() if _local(one) == name)


def _local(element: ET.Element) -> str:
    return _INDEX.sub("", str(element.tag))


def _check_elements(page: ET.Element) -> None:
    """Only elements that the report is made of, none with a handler, a style or an address."""
    for element in page.iter():
        assert element.tag in ELEMENTS, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in LOADING
            assert name != "style"
            if name.endswith("href"):
                assert value.startswith("#")


def _check_policy(page: ET.Element) -> None:
    """One style and one script, and the policy names just these."""
    found = Counter(_local(one) for one in page.iter())
    assert found["style"] == found["script"] == 1
    policy = next(one.get("content", "") for one in named(page, "meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    for name in ("style", "script"):
        text = next(named(page, name)).text or ""
        mark = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{mark}'" in policy


def _check_names(page: ET.Element) -> None:
    """Names are unique, links lead somewhere, and what needs a name for a screen reader has one."""
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(set(ids)) == len(ids)
    for one in page.iter():
        wanted = [*(one.get("aria-labelledby") or "").split(), (one.get("href") or "#")[1:]]
        assert {name for name in wanted if name} <= set(ids)
        if one.get("tabindex") == "0" or one.get("role") == "region":
            assert one.get("aria-label")
        if one.get("role") == "img":
            assert {"title", "desc"} <= {_local(child) for child in one}
    for table in named(page, "table"):
        assert _local(table[0]) == "caption"
    for cell in named(page, "th"):
        assert cell.get("scope") == "row" or (cell.get("scope") == "col" and texts(cell).strip())
    assert page.get("lang") or next(named(page, "html")).get("lang")


def _check_headings(page: ET.Element) -> None:
    """One first heading, and no level left out."""
    levels = [int(_local(one)[1]) for one in page.iter() if re.fullmatch("h[1-6]", _local(one))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (texts(next(named(page, "title")))).strip()
