"""The HTML report in a real browser."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dsdoctor.model import Change, Report
from dsdoctor.report import html
from tests.browser.chromium import Browser, browser, missing
from tests.unit.report.hostile import HOSTILE, report_of
from tests.unit.report.html_reports import many_ranks, smoke_pair, two_hosts
from tests.unit.report.reports import dead_job, fallout, finding, problems

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}"),
    pytest.mark.xdist_group("browser"),
]

Show = Callable[[Report], Browser]
DIFF = """--- a.json
+++ b.json
@@ -1,2 +1,2 @@
 {
-  "train_batch_size": 32
+  "train_batch_size": 16
"""
EVIL = (
    "<script>window.owned = 1; document.title = 'owned'</script>",
    '<img src=x onerror="window.owned = 2">',
    "</style></script><svg onload='window.owned = 3'>",
    "<a href='javascript:window.owned = 4'>x</a></svg>",
    "</title></pre></details></code><h1>pwned</h1><iframe src='http://127.0.0.1:9/'></iframe>",
    "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><base href='http://127.0.0.1:9/'>",
    '" autofocus onfocus="window.owned = 5" style="background:url(http://127.0.0.1:9/y)"',
    "javascript:window.owned = 6",
    "user\u202etxt.exe \u2066a\u2069",
)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests here: starting it takes seconds."""
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def show(window: Browser, tmp_path: Path) -> Show:
    """Puts a report on the screen."""

    def shown(report: Report) -> Browser:
        path = tmp_path / "report.html"
        path.write_text(html.render(report), encoding="utf-8")
        window.show(path)
        return window

    return shown


def alone(window: Browser) -> None:
    """Nothing was asked for but the file, and nothing was complained of."""
    (only,) = window.requests()
    assert only.startswith("file://")
    assert window.complaints() == []


def displayed(window: Browser, selector: str) -> list[str]:
    """The text of the elements that take up room on the page."""
    found: list[str] = window.ask(
        "return [...document.querySelectorAll(arguments[0])]"
        ".filter(e => e.getClientRects().length).map(e => e.textContent)",
        selector,
    )
    return found


def test_what_a_page_does_would_be_noticed(window: Browser, tmp_path: Path) -> None:
    """A control for the tests below: a page that loads, runs and complains."""
    path = tmp_path / "bad.html"
    path.write_text("<title>x</title><img src='no.png'><script>window.owned = 1; boom()</script>")
    window.show(path)
    assert [address.rpartition("/")[2] for address in window.requests()] == ["bad.html", "no.png"]
    assert any("boom" in line for line in window.complaints())
    assert window.ask("return window.owned") == 1


@pytest.mark.parametrize(
    ("report", "sections"),
    [
        (dead_job(fallout()), ["Evidence", "Why", "What to do", "What followed"]),
        (many_ranks(8, 5), ["How the 8 ranks ended", "The story in order"]),
        (problems(finding()), ["Findings"]),
        (two_hosts(), ["Findings", "3 hosts compared", "What the probes found"]),
        (smoke_pair(), ["The runs", "What must hold", "Loss", "Memory at its peak"]),
    ],
    ids=["explain", "ranks", "lint", "preflight", "smoke"],
)
def test_it_renders_and_needs_nothing(show: Show, report: Report, sections: list[str]) -> None:
    window = show(report)
    assert [name for name in displayed(window, "h2") if name in sections] == sections
    alone(window)


def test_512_ranks_fit_on_the_screen(show: Show) -> None:
    window = show(many_ranks(512, 301))
    assert len(displayed(window, "svg use")) == 512
    box = window.ask(
        "const ends = [...document.querySelectorAll('figure svg')]"
        ".map(e => e.getBoundingClientRect().right);"
        "return [Math.max(...ends), document.documentElement.scrollWidth, innerWidth]"
    )
    assert box[0] <= box[2]
    assert box[1] <= box[2]
    alone(window)


def test_no_name_runs_over_its_neighbour_in_the_lanes(show: Show) -> None:
    """From left to right: the picture's edge, the name, the track, the words, the other edge."""
    window = show(many_ranks(24, 5))
    rows = window.ask(
        "const ends = e => { const r = e.getBoundingClientRect(); return [r.left, r.right]; };"
        "const lanes = document.querySelectorAll('[aria-labelledby^=lanes] > g');"
        "return [...lanes].map(g => [ends(g.closest('svg')), ends(g.children[1]),"
        "ends(g.querySelector('.track')), ends(g.querySelector('.words'))])"
    )
    assert len(rows) == 24
    for picture, name, track, words in rows:
        stops = [picture[0], *name, *track, *words, picture[1]]
        assert stops == sorted(stops)


def test_the_button_copies_the_diff(show: Show) -> None:
    change = Change("a.json", ("DSC001: 32 -> 16",), DIFF)
    window = show(replace(problems(finding()), changes=(change,)))
    window.tell("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    window.ask("document.querySelector('.diff button').click()")
    deadline = time.monotonic() + 5
    while displayed(window, ".diff button") != ["Copied"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert displayed(window, ".diff button") == ["Copied"]
    assert window.ask("return document.getElementById('said').textContent") == "diff copied"
    assert window.ask("return navigator.clipboard.readText()") == DIFF.rstrip("\n")
    alone(window)


def test_it_works_without_script(show: Show) -> None:
    change = Change("a.json", ("DSC001: 32 -> 16",), DIFF)
    report = replace(many_ranks(8, 5), changes=(change,))
    with_script = show(report)
    buttons = displayed(with_script, "button")
    words = with_script.ask("return document.querySelector('main').innerText")
    with_script.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        window = show(report)
        assert displayed(window, "button") == []
        without = window.ask("return document.querySelector('main').innerText")
    finally:
        with_script.tell("Emulation.setScriptExecutionDisabled", value=False)
    assert len(buttons) == 3
    assert without.split() == [word for word in words.split() if word != "Copy"]
    window.ask("document.querySelector('summary').click()")
    assert "Every rank, in order" in displayed(window, "caption")


def test_dark_and_light_are_both_readable(show: Show) -> None:
    """The contrast of all text is that of WCAG AA."""
    window = show(many_ranks(8, 5))
    seen = set()
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        window.tell("Emulation.setEmulatedMedia", media="", features=features)
        seen.add(window.ask("return getComputedStyle(document.body).backgroundColor"))
        weak = window.ask(CONTRAST)
        assert weak == [], scheme
    assert len(seen) == 2


def test_on_paper_it_is_light_and_unfolded(show: Show) -> None:
    window = show(many_ranks(8, 5))
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    window.tell("Emulation.setEmulatedMedia", media="print", features=dark)
    try:
        background = window.ask("return getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(255, 255, 255)"
        assert displayed(window, "nav") == []
        assert displayed(window, "button") == []
        assert window.ask(
            "dispatchEvent(new Event('beforeprint'));"
            "return [...document.querySelectorAll('details')].every(d => d.open)"
        )
    finally:
        window.tell("Emulation.setEmulatedMedia", media="", features=[])


def test_512_ranks_are_printed_by_groups(show: Show) -> None:
    window = show(many_ranks(512, 301))
    pages = window.tell("Page.printToPDF")["data"]
    assert 1 < base64.b64decode(pages).count(b"/Type /Page\n") <= 6


def test_the_keyboard_reaches_everything(show: Show) -> None:
    """The first stop skips to the report; every stop is seen to be one."""
    from selenium.webdriver.common.keys import Keys

    window = show(many_ranks(8, 5))
    stops = []
    for _ in range(40):
        window.driver.switch_to.active_element.send_keys(Keys.TAB)
        stop = window.ask(
            "const e = document.activeElement, s = getComputedStyle(e);"
            "return [e.tagName, e.className, e.getAttribute('aria-label') || e.textContent,"
            "s.outlineStyle, s.outlineWidth]"
        )
        if stop[0] == "BODY":
            break
        stops.append(stop)
    assert stops[0][:3] == ["A", "skip", "Skip to the report"]
    assert {"A", "BUTTON", "SUMMARY", "PRE", "DIV"} <= {stop[0] for stop in stops}
    assert all(stop[2].strip() for stop in stops)
    assert all(stop[3] == "solid" and stop[4] == "3px" for stop in stops)


def test_a_screen_reader_finds_landmarks_headings_and_the_words_of_the_pictures(
    show: Show,
) -> None:
    window = show(many_ranks(8, 5))
    nodes = window.tell("Accessibility.getFullAXTree")["nodes"]
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]
    roles = [role for role, _ in found]
    for role in ("banner", "navigation", "main", "contentinfo", "table", "columnheader"):
        assert role in roles, role
    assert ("region", "Evidence") in found
    pictures = [name for role, name in found if role in ("image", "img")]
    assert len(pictures) == 1
    assert "rank 5 · node-0: AssertionError DSC001 (where it began)" in pictures[0]
    assert all(name.strip() for role, name in found if role in ("button", "link", "heading"))


def test_a_phone_does_not_scroll_sideways(show: Show) -> None:
    window = show(many_ranks(64, 5))
    try:
        window.tell(
            "Emulation.setDeviceMetricsOverride",
            width=390,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        wide = window.ask("return [document.documentElement.scrollWidth, innerWidth]")
    finally:
        window.tell("Emulation.clearDeviceMetricsOverride")
    assert wide[0] <= wide[1]


@pytest.mark.parametrize("command", ["explain", "lint", "preflight"])
def test_hostile_text_does_nothing_and_is_spelt_out(show: Show, command: str) -> None:
    text = " ".join(EVIL)
    window = show(report_of(text, command))
    window.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    for selector in ("a", "summary", "button"):
        window.ask("document.querySelectorAll(arguments[0]).forEach(e => e.click())", selector)
    assert window.ask("return window.owned ?? null") is None
    assert window.ask("return document.querySelectorAll('iframe, img, base, link').length") == 0
    assert displayed(window, "h1") != ["pwned"]
    words = window.ask("return document.body.innerText")
    assert "<script>window.owned = 1;" in words
    assert "user\\u202etxt.exe \\u2066a\\u2069" in words
    assert "\u202e" not in words
    alone(window)


def test_no_kind_of_hostile_text_runs_or_loads(show: Show) -> None:
    """All kinds that the other formats are tested with, on one page."""
    parts = [text[:300] for text in HOSTILE.values()]
    window = show(problems(*[finding(message=text, why=text, title=text) for text in parts]))
    assert len(displayed(window, "article")) == 60
    alone(window)


CONTRAST = """
const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const parse = s => s.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = e => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const weak = [];
for (const e of document.querySelectorAll('body *')) {
  if (!e.getClientRects().length || e.closest('.unseen, .skip, script')) continue;
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
  const style = getComputedStyle(e);
  const a = light(parse(e.closest('svg') ? style.fill : style.color)), b = light(ground(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) weak.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
}
return [...new Set(weak)];
"""
