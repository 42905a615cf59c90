"""The page around a report: head, style, script and the policy that lets nothing else in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from dsdoctor import __version__
from dsdoctor.report.html_markup import Markup, el, joined, void


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; nothing is shown of one without a body. ``link`` is its short name."""

    id: str
    name: str
    body: Markup
    link: str = ""


def page(title: str, header: Markup, sections: Sequence[Section]) -> Markup:
    """The whole document."""
    shown = [section for section in sections if section.body]
    style, script = _asset("html.css"), _asset("html.js")
    head = [
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="robots", content="noindex"),
        void("meta", name="generator", content=f"dsdoctor {__version__}"),
        el("title", title),
        el("style", Markup(style)),
    ]
    body = [
        el("a", "Skip to the report", href="#report", class_="skip"),
        header,
        _contents(shown),
        el("main", map(_section, shown), id="report", tabindex="-1"),
        el("footer", el("p", f"dsdoctor {__version__}. This file loads nothing from elsewhere.")),
        el("p", "", id="said", class_="unseen", role="status"),
        el("script", Markup(script)),
    ]
    root = el("html", el("head", joined(*head)), el("body", joined(*body)), lang="en")
    return Markup(f"<!DOCTYPE html>\n{root}\n")


def _contents(sections: Sequence[Section]) -> Markup:
    """Links to the sections."""
    links = [
        el("li", el("a", section.link or section.name, href=f"#{section.id}"))
        for section in sections
    ]
    return el("nav", el("ul", links), aria_label="Contents") if len(links) > 1 else Markup()


def _section(section: Section) -> Markup:
    title = el("h2", section.name, id=f"{section.id}-title")
    return el("section", title, section.body, id=section.id, aria_labelledby=f"{section.id}-title")


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, and no style or script runs but these two."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return (files("dsdoctor.report") / name).read_text(encoding="utf-8").strip()
