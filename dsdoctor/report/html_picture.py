"""A picture with its words: inline SVG that a screen reader tells by its title and description."""

from __future__ import annotations

from dsdoctor.report.html_markup import Child, Markup, el


def picture(
    name: str, size: tuple[int, int], said: tuple[str, str], drawn: Child, caption: str
) -> Markup:
    """A figure that scrolls by itself where the page is narrow.

    Args:
        name: begins the identifiers.
        size: width and height.
        said: what it is, and what it shows in words.
        drawn: what is in it.
        caption: the line below.
    """
    width, height = size
    title, description = said
    svg = el(
        "svg",
        el("title", title, id=f"{name}-picture"),
        el("desc", description, id=f"{name}-told"),
        drawn,
        role="img",
        aria_labelledby=f"{name}-picture {name}-told",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )
    box = el("div", svg, class_="wide", tabindex="0", role="group", aria_label=title)
    return el("figure", box, el("figcaption", caption))
