"""Text that means something to a terminal, a browser or a CI system, in every field of a report."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from dsdoctor.model import (
    Change,
    Confidence,
    Coverage,
    Evidence,
    Finding,
    Outcome,
    ProbeResult,
    RankRow,
    Remedy,
    Report,
    Role,
    Severity,
    Status,
    TimelineEntry,
    Verdict,
)

HOSTILE: dict[str, str] = {
    "terminal colour": "\x1b[31mred\x1b[0m",
    "terminal title": "\x1b]0;owned\x07",
    "terminal link": "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "c1 control": "\x9b31mred",
    "terminal erase": "\x1b[2J\x1b[1;1H\x1b[?1049h\x1b[6n",
    "terminal control strings": "\x1bPq#0;2;0\x1b\\ \x1b_a\x1b\\ \x1b^b\x1b\\ \x1bXc\x1b\\ \x1bc",
    "terminal unfinished": "\x1b]8;;http://evil.example/",
    "c1 control strings": "\x90q\x9c \x9d0;owned\x9c \x9e a \x9c \x9f b \x9c \x98 c \x9c",
    "carriage return": "all is well\rroot cause: none",
    "backspace": "fatal\x08\x08\x08\x08\x08fine!",
    "line breaks": "one\ntwo\r\nthree\x0bfour\x0cfive\x85six\u2028seven\u2029eight",
    "null": "a\x00b",
    "rich markup": "[bold red]boom[/] [link=http://evil.example]x[/link]",
    "rich unbalanced": "[/bold] [@click=app.bell]x[/]",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "closed fold": "</details></summary><h1>pwned</h1>",
    "entity": "&lt;script&gt; &#64;team &#x26;",
    "comment": "<!-- hidden --> x <!--",
    "cdata": "]]> <![CDATA[ x ]]>",
    "xml bomb": '<!DOCTYPE x [<!ENTITY a "aaaa">]> &a;',
    "attribute": "\"><b onload='x'>",
    "markdown link": "[click here](http://evil.example/)",
    "markdown reference": "[a]: http://evil.example/\n\n[a]",
    "markdown image": "![tracker](http://evil.example/x.png)",
    "markdown heading": "# heading",
    "markdown list": "1. one\n- two",
    "markdown table": "| a | b |\n|---|---|\n| 1 | 2 |",
    "markdown rule": "\n---\n===\n***",
    "emphasis": "**bold** _it_ ~~gone~~ `code`",
    "backticks": "`` ` ``` ```` `````",
    "fence": "```\n# out\n~~~\n# out",
    "autolink": "<http://evil.example/> http://evil.example/ www.evil.example a@evil.example",
    "mention": "@everyone @octocat/team cc @_x",
    "reference": "#1 GH-1 octocat/hello#1 !1 %1 ~label $1 &1",
    "quick action": "/close",
    "quick action within": "done\n/assign @root\n/merge",
    "mathematics": "$x$ $$y$$ $`z`$",
    "github set-output": "::set-output name=x::y",
    "github add-mask": "::add-mask::e",
    "github stop": "::stop-commands::token",
    "github error": "::error file=a.py,line=1::boo",
    "github later line": "x\n::add-mask::e\n  ::set-env name=A::b",
    "github wrapped": "word " * 30 + "::add-mask::e " + "word " * 30 + "::add-mask::e",
    "github old": "x ##[add-mask]e ##[set-env name=A]b",
    "azure": "##vso[task.setvariable variable=x]y",
    "github encoded": "100%25 %0A::add-mask::e %0D%0A %2C %3A",
    "github endgroup": "::endgroup::\n::group::x\n::debug::y\n::echo::on\n::save-state name=a::b",
    "github stop within": "x %0A::stop-commands::t%0A::add-path::/tmp\u2028::set-env name=A::b",
    "github properties": "a.py,line=1,title=x::boo",
    "gitlab section": "\x1b[0Ksection_start:1:x[collapsed=true]\r\x1b[0Kx",
    "xml control": "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 32)])),
    "xml noncharacter": "a\ufffeb\uffffc",
    "half character": "a\ud800b\udfffc",
    "outside the bmp": "\U0001f4a5 \U0010ffff",
    "right to left": "user\u202etxt.exe",
    "isolate": "a\u2066b\u2067c\u2068d\u2069e",
    "direction marks": "a\u200eb\u200fc\u061cd",
    "invisible": "a\u200bb\u2060c\ufeffd\U000e0041e",
    "combining": "a" + "\u0301" * 500,
    "sarif link": "see [it](http://evil.example/) or [it](0)",
    "sarif placeholder": "{0} {{1}} {",
    "json": '"}],"x":{"\\u0000',
    "uri": "javascript:alert(1)",
    "path": "../../../../etc/passwd",
    "absolute path": "//evil.example/share/../x",
    "very long": "A" * 200_000,
    "very long words": "word " * 40_000,
    "many lines": "x\n" * 5_000,
    "many brackets": "[" * 50_000,
    "many ticks": "`" * 50_000,
    "many colons": ":" * 50_000,
    "only spaces": " \t \u00a0 \u3000 ",
    "nothing": "",
}

COMMANDS = ("explain", "lint", "preflight", "smoke")


def report_of(text: str, command: str = "explain") -> Report:
    """A report with ``text`` in every field that holds text, and several of all that it holds."""
    fixed = {"kind": "config", "risk": "choice", "fix": "safe"}  # no text: words of a short list
    remedy = _filled(Remedy, text, config={text: text}, env={text: text}, **fixed)
    code = _filled(Remedy, text, config={}, env={}, command="", **fixed)
    frame = Evidence(text, 7, text, text)
    root = _finding(text, Role.CAUSE, Severity.FATAL)
    root = replace(root, remedies=(remedy, code), evidence=(frame, frame), user_frame=text)
    findings = (
        root,
        _finding(text, Role.CAUSE, Severity.WARNING),
        _finding(text, Role.CONSEQUENCE, Severity.ERROR),
        _finding(text, Role.CONTEXT, Severity.INFO),
    )
    return Report(
        verdict=Verdict(Status.DIAGNOSED, text, root),
        findings=findings,
        timeline=(_filled(TimelineEntry, text, line=3, rank=1, time=datetime(2026, 1, 2)),),
        coverage=Coverage(files=2, lines=9, bytes=10_000, seconds=0.5, notes=(text, text)),
        ranks=(_filled(RankRow, text, rank=1, last_step=5, last_line=4),),
        network=(text,),
        collect=(text,),
        versions={text: text},
        command=command,
        changes=(Change(text, (text,), f"+{text}\n {text}\n", text),),
        probes=tuple(_probe(text, outcome) for outcome in Outcome),
    )


def _probe(text: str, outcome: Outcome) -> ProbeResult:
    findings = (_finding(text, Role.CAUSE, Severity.ERROR),) if outcome is Outcome.ATTENTION else ()
    given = {"outcome": outcome, "findings": findings, "facts": {text: [text]}, "seconds": 0.1}
    return _filled(ProbeResult, text, **given)


def _finding(text: str, role: Role, severity: Severity) -> Finding:
    return _filled(
        Finding,
        text,
        code="DSC001" if role is Role.CAUSE else "DSL091",  # checked where rules are read
        severity=severity,
        role=role,
        confidence=Confidence.LIKELY,
        evidence=(Evidence(text, 0, text), Evidence(text, 3, text, text)),
        ranks=(0, 1),
        hosts=(text, text),
        remedies=(Remedy(text, "command", command=text),),
        count=2,
    )


def _filled(type_: Any, text: str, **given: Any) -> Any:
    """One of ``type_`` with ``text`` in every field that is a string."""
    texts = {
        item.name: text
        for item in fields(type_)
        if item.name not in given
        and "str" in str(item.type)
        and "Mapping" not in str(item.type)
        and "tuple" not in str(item.type)
    }
    return type_(**texts, **given)
