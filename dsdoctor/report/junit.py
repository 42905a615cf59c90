"""JUnit XML: a case for each probe, and for each finding that no probe holds.

There is always at least one case, for CI systems take a file without cases for a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dsdoctor.model import Finding, Outcome, ProbeResult, Report, Severity, Status
from dsdoctor.report.ci_commands import disarmed_xml
from dsdoctor.report.findings_text import finding_lines
from dsdoctor.report.folding import folded
from dsdoctor.report.lines import as_plain
from dsdoctor.report.wording import clipped, line_count, one_line

MAX_TEXT = 8000
WIDTH = 100


def render(report: Report) -> str:
    """The document, in UTF-8."""
    suite = Element("testsuite", name=f"dsdoctor {report.command}")
    seconds = report.coverage.seconds
    suite.extend(_cases(report))
    counts = {
        "tests": len(suite),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    root = Element("testsuites", name="dsdoctor")
    root.append(suite)
    for element in (root, suite):
        element.attrib |= {name: str(count) for name, count in counts.items()}
        element.set("time", f"{seconds:.3f}")
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{disarmed_xml(tostring(root, "unicode"))}\n'


def _cases(report: Report) -> Iterator[Element]:
    yield _verdict(report)
    for result in report.probes:
        yield _probe(result)
    # Findings that several hosts share are folded in the report; the hosts' cases tell them.
    told = {finding.code for result in report.probes for finding in result.findings}
    for item in folded(report):
        if item.finding.code not in told:
            yield _finding(item.finding, item.followed, report.command)


def _verdict(report: Report) -> Element:
    """Passes always, unless nothing could be judged: what is wrong has cases of its own."""
    case = _case(f"dsdoctor.{report.command}", "verdict")
    if report.verdict.status is Status.INCONCLUSIVE:
        SubElement(case, "skipped", message=one_line(report.verdict.summary))
    SubElement(case, "system-out").text = "\n".join(
        one_line(line) for line in (report.verdict.summary, *report.coverage.notes[:100])
    )
    return case


def _finding(finding: Finding, followed: Sequence[Finding], command: str) -> Element:
    case = _case(f"dsdoctor.{command}", one_line(f"{finding.code} {finding.title}"))
    _judge(case, [finding], followed)
    return case


def _probe(result: ProbeResult) -> Element:
    """Not looked at is skipped; broken off is an error; only what may hurt is a failure."""
    host = one_line(result.host).replace(".", "_")
    case = _case(f"dsdoctor.preflight.{host}".rstrip("."), one_line(result.probe))
    case.set("time", f"{result.seconds:.3f}")
    if result.outcome is Outcome.SKIPPED:
        SubElement(case, "skipped", message=one_line(result.note))
    elif result.outcome in (Outcome.CRASHED, Outcome.TIMED_OUT):
        note = one_line(result.note or result.summary)
        SubElement(case, "error", message=note, type=result.outcome.value)
    _judge(case, result.findings)
    if result.summary:
        SubElement(case, "system-out").text = one_line(result.summary)
    return case


def _judge(case: Element, findings: Sequence[Finding], followed: Sequence[Finding] = ()) -> None:
    """One failure for all that is at least a warning; remarks are told, and the case passes."""
    bad = [item for item in findings if item.severity is not Severity.INFO]
    if bad and case.find("error") is None:
        said = {"message": one_line(bad[0].message), "type": one_line(bad[0].code)}
        failure = SubElement(case, "failure", said)
        failure.text = _account(bad, followed)
    elif remarks := [item for item in findings if item not in bad]:
        SubElement(case, "system-out").text = _account(remarks, followed)


def _account(findings: Sequence[Finding], followed: Sequence[Finding]) -> str:
    lines = [line for item in findings for line in finding_lines(item, WIDTH, verbose=True)]
    lines += [[(f"  then    {item.title} ({line_count(item)})", "")] for item in followed]
    return clipped(as_plain(lines), MAX_TEXT)


def _case(classname: str, name: str) -> Element:
    return Element("testcase", classname=classname, name=name or "unnamed")
