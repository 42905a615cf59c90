"""``--redact``: what leaves the machine says nothing of its secrets, and still says where."""

from __future__ import annotations

import html
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from dsdoctor.cli.formats import NAMES, SUMMARY
from dsdoctor.cli.given import Given
from dsdoctor.cli.main import main
from dsdoctor.cli.redacting import redacted_report
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.redact.report import texts_of
from dsdoctor.report.near_places import with_near_places
from tests.conftest import ROOT, Explain
from tests.unit.redact.planted import Plant, leaks, plants
from tests.unit.report.consumers import READERS, read_github, read_gitlab, read_sarif

CORPUS = os.environ.get("DSDOCTOR_CORPUS", "")
"""A folder with more logs than the checkout has."""
LONG = bool(os.environ.get("DSDOCTOR_LONG"))
PLANTS = list(plants())
SAMPLE = PLANTS if LONG else PLANTS[::5]
STAY = ("text", "json")
TOKEN = "hf" + "_" + "Zy8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE8d"
JOB = """gpu-a17:3782:3782 [0] NCCL INFO NET/Socket : Using [0]eth0:10.1.2.3<0>
{before}
[rank0]: Traceback (most recent call last):
[rank0]:   File "{folder}/train.py", line 3, in main
[rank0]:     {code}
[rank0]: {error}
[2026-11-20 14:58:14,902] [ERROR] [launch.py:325:sigkill_handler] \
['/usr/bin/python3', '-u', 'train.py', {argument}] exits with return code = 1
"""
ERROR = "ValueError: gpu-a17 (10.1.2.3) refuses {}"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in the home of somebody, and the current folder."""
    folder = tmp_path / "home" / "jdoe" / "proj"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("\n\nlogin(key)\n")
    monkeypatch.chdir(folder)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", SUMMARY):
        monkeypatch.delenv(name, raising=False)
    return folder


def write_log(folder: str, secret: str, name: str = "job.log") -> str:
    text = JOB.format(
        before=f"HF_TOKEN={secret}",
        folder=folder,
        code=f"login('{secret}')",
        error=ERROR.format(secret),
        argument=f"'--hub_token', '{secret}'",
    )
    Path(name).write_text(text)
    return name


def explain(log: str, *options: str) -> dict[str, str]:
    """The report in every format."""
    files = [word for name in NAMES for word in ("--format", f"{name}:out/{name}")]
    Path("out").mkdir(exist_ok=True)
    assert main(["explain", log, "--fail-on", "never", "--overwrite", *files, *options]) == 0
    return {name: Path("out", name).read_text() for name in NAMES}


def bare(text: str) -> str:
    """What is left when escapes and line breaks of the formats are taken away."""
    plain = html.unescape(text.replace("%25", "%"))
    return re.sub(r"[\s\\\u200b]|</?(?:mark|span|wbr|code|b)\b[^>]*>", "", plain)


@pytest.mark.parametrize("flag", [None, "--redact", "--no-redact"])
def test_the_default_depends_on_the_format_and_the_flag_rules(flag: str | None) -> None:
    said = explain(write_log("/home/jdoe/x", TOKEN), *([flag] if flag else []))
    for name, text in said.items():
        hidden = name not in STAY if flag is None else flag == "--redact"
        assert (TOKEN not in bare(text)) is hidden, name
        assert ("gpu-a17" not in text) is hidden, name
        assert ("jdoe" not in text) is hidden, name
        READERS[name](text)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_on_standard_output(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = write_log("/home/jdoe/x", TOKEN)
    for flag in ([], ["--redact"], ["--no-redact"]):
        main(["explain", log, "--format", name, *flag])
        hidden = name not in STAY if not flag else flag == ["--redact"]
        assert (TOKEN not in bare(capsys.readouterr().out)) is hidden


def test_the_job_summary_goes_with_the_annotations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUMMARY, "summary")
    log = write_log("/home/jdoe/x", TOKEN)
    main(["explain", log, "--format", "github"])
    assert "DSX001" in Path("summary").read_text()
    assert TOKEN not in bare(Path("summary").read_text())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, pack: Pack, matcher: Matcher) -> None:
    """Rules are read once for hundreds of runs."""
    monkeypatch.setattr("dsdoctor.cli.explain.load_pack", lambda **_: pack)
    monkeypatch.setattr("dsdoctor.diagnosis.material.Matcher", lambda _: matcher)


def test_every_command_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ds.json").write_text(json.dumps({"bogus_key": TOKEN, "train_batch_size": 8}))
    for command in (["lint", "ds.json"], ["preflight", "--only", "memory"]):
        main([*command, "--format", "github"])
        assert TOKEN not in bare(capsys.readouterr().out)
        main([*command, "--redact"])
        assert TOKEN not in bare(capsys.readouterr().out)
    main(["smoke", "--help"])
    assert "--no-redact" in capsys.readouterr().out


def test_a_reader_learns_that_something_is_missing() -> None:
    said = explain(write_log("/home/jdoe/x", TOKEN))
    assert re.search(r"\d+ secrets, \d names or addresses replaced", said["markdown"])
    assert "replaced" not in said["json"]
    Path("quiet.log").write_text("step 1 loss 1.0\n")
    assert "replaced" not in "".join(explain("quiet.log").values())


def test_a_place_in_the_project_is_annotated(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback has the absolute path, with the user in it; GitHub wants the project's."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project))
    log = write_log(str(project), TOKEN)
    main(["explain", str(project / log), "--format", "github"])
    (one,) = read_github(capsys.readouterr().out)
    assert (one.properties["file"], one.properties["line"]) == ("train.py", "3")
    assert (project / one.properties["file"]).is_file()
    said = explain(str(project / log))
    (issue,) = read_gitlab(said["gitlab"])
    assert issue["location"] == {"path": "train.py", "lines": {"begin": 3}}
    (result,) = read_sarif(said["sarif"])["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "train.py", "uriBaseId": "%SRCROOT%"}
    for name in NAMES:
        assert ("jdoe" in said[name]) is (name in STAY)


def test_a_place_below_the_project_when_started_further_down(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_PROJECT_DIR", str(project))
    (project / "jobs").mkdir()
    monkeypatch.chdir(project / "jobs")
    main(["explain", write_log(str(project), TOKEN), "--format", "gitlab"])
    (issue,) = read_gitlab(capsys.readouterr().out)
    assert issue["location"]["path"] == "train.py"


def test_a_place_elsewhere_names_nobody(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    (project.parent / "other").mkdir()
    log = write_log("/home/jdoe/elsewhere", TOKEN, "../other/job.log")
    for name in ("github", "sarif", "gitlab", "markdown", "junit"):
        main(["explain", log, "--format", name])
        out = capsys.readouterr().out
        assert "jdoe" not in out
        assert "user-1/other/job.log" in out
        READERS[name](out)


@pytest.mark.parametrize(("name", "flags"), [("{}.log", [""]), ("job.log", ["", "--no-redact"])])
def test_fingerprints_are_the_same_for_two_users_on_two_hosts(
    name: str, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks: dict[str, set[str]] = {"gitlab": set(), "sarif": set()}
    for user, host in (("ann", "gpu-a17"), ("robert", "athena"), ("user", "node-3")):
        folder = tmp_path / "home" / user / "proj"
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("USER", user)
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        log = Path(write_log(f"/home/{user}/lib", TOKEN, name.format(host)))
        log.write_text(log.read_text().replace("gpu-a17", host))
        for flag in flags:
            said = explain(str(log.absolute()), *([flag] if flag else []))
            marks["gitlab"].add(read_gitlab(said["gitlab"])[0]["fingerprint"])
            (result,) = read_sarif(said["sarif"])["runs"][0]["results"]
            marks["sarif"].add(result["partialFingerprints"]["primaryLocationLineHash"])
    assert {kind: len(found) for kind, found in marks.items()} == {"gitlab": 1, "sarif": 1}


def test_a_key_of_the_environment_is_known_without_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CI systems hand the job's keys to the step that explains it, too."""
    monkeypatch.setenv("COMET_API_KEY", "8Yx2Qw9ErT5uIoP1aSd4")
    log = Path("job.log")
    log.write_text("Traceback (most recent call last):\nValueError: bad 8Yx2Qw9ErT5uIoP1aSd4\n")
    assert "8Yx2" not in explain(str(log))["github"]


def test_a_host_is_learned_from_a_log_that_the_report_does_not_quote(project: Path) -> None:
    folder = project / "runs"
    folder.mkdir()
    (folder / "0.log").write_text("Traceback (most recent call last):\nOSError: athena is gone\n")
    (folder / "1.log").write_text("athena:1:2 [0] NCCL INFO x\n" + "step\n" * 10)
    said = explain("runs")
    assert "athena" in said["text"]
    assert not [name for name in NAMES if name not in STAY and "athena" in said[name]]


def planted(plant: Plant) -> str:
    """A dead job that says the secret where reports quote logs."""
    lines = plant.line.split("\n")
    text = JOB.format(
        before=plant.line,
        folder="/home/jdoe/proj",
        code=lines[0],
        error=f"ValueError: {plant.line}",
        argument=lines[-1],
    )
    Path("planted.log").write_text(text)
    return "planted.log"


@pytest.mark.parametrize("number", range(8))
def test_no_planted_secret_comes_through(number: int) -> None:
    """End to end, in every format."""
    leaked = [
        (name, plant.kind, plant.line[:200])
        for plant in SAMPLE[number::8]
        for name, text in explain(planted(plant), "--redact").items()
        if leaks([Plant(plant.kind, bare(plant.secret), "")], bare(text))
    ]
    assert leaked == []


def test_what_is_planted_is_quoted_if_nothing_is_redacted() -> None:
    """Else the test before this one would prove nothing."""
    some = SAMPLE[::4]
    seen: Counter[str] = Counter()
    for plant in some:
        for name, text in explain(planted(plant), "--no-redact").items():
            seen[name] += bare(plant.secret) in bare(text)
    assert min(seen[name] for name in NAMES) >= 0.8 * len(some), seen


def test_reports_of_ordinary_logs_hardly_change(diagnose: Explain) -> None:
    """Counted in lines of all texts of the reports, of which most are lines of logs."""
    lines = changed = 0
    folders = [ROOT / "fixtures", *([Path(CORPUS)] if CORPUS else [])]
    logs = [path for folder in folders for path in sorted(folder.rglob("*.log"))]
    for path in logs if LONG else logs[::6]:
        report = with_near_places(diagnose(path.read_bytes()))
        before = [text for _, text in texts_of(report)]
        after = [text for _, text in texts_of(redacted_report(report, Given((), (str(path),))))]
        lines += len(before)
        changed += sum(one != other for one, other in zip(before, after, strict=False))
    assert lines > 1000
    assert changed < 0.01 * lines, (changed, lines)
