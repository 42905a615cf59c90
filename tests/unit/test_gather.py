"""Many hosts are asked, played by a script; some answer nonsense, late or not at all."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dsdoctor.errors import UsageError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.travel import Parcel, pack_up
from dsdoctor.transport.ask import HostFailure, ask, in_words
from dsdoctor.transport.framing import Unframer, framed
from dsdoctor.transport.gather import Gathered, gather
from dsdoctor.transport.launchers import MPIRUN, PDSH, SRUN, Launcher

HOSTS = ["node-1", "node-2"]
HUNDRED = [f"n{number:02}" for number in range(100)]


def play(folder: Path, out: str, err: str = "", then: str = "", like: Launcher = PDSH) -> Launcher:
    """A launcher that prints ``out`` and ``err`` whatever it is asked."""
    (folder / "out").write_text(out)
    (folder / "err").write_text(err)
    script = (
        "import sys, time, pathlib\n"
        f"sys.stdout.write(pathlib.Path({str(folder / 'out')!r}).read_text()); sys.stdout.flush()\n"
        f"sys.stderr.write(pathlib.Path({str(folder / 'err')!r}).read_text()); sys.stderr.flush()\n"
        f"{then}\n"
    )
    return Launcher(
        sys.executable, lambda *_: ["-c", script], like.label, like.env, in_order=like.in_order
    )


def answer(host: str, *records: LogRecord, label: str = "") -> str:
    """What a launcher prints of a host that answers."""
    document = pack_up(Parcel(host=host, records=records))
    return "".join(f"{label or host + ': '}{line}\n" for line in framed(document, host))


def records_of(result: Gathered) -> list[str]:
    return [record.name for record in result.records]


def test_answers_come_in_the_order_of_the_hosts(tmp_path: Path, pack: Pack) -> None:
    """However the lines of the hosts mix, and with a greeting before them."""
    one = answer("node-1", LogRecord("/a.log"), LogRecord("/b.log")).splitlines()
    two = answer("node-2", LogRecord("/a.log")).splitlines()
    lines = ["node-1: Welcome to node-1!", two[0], one[0], *two[1:], *one[1:]]
    result = gather(HOSTS, ["/a.log"], pack, play(tmp_path, "\n".join(lines) + "\n"))
    assert records_of(result) == ["node-1:/a.log", "node-1:/b.log", "node-2:/a.log"]
    assert result.silent == []


@pytest.mark.parametrize(
    ("out", "err", "reason"),
    [
        ("", "", "no answer"),
        ("", "node-2: ssh: connect to host node-2 port 22: Connection refused\n"
             "pdsh@me: node-2: ssh exited with exit code 255\n",
         "ssh: connect to host node-2 port 22: Connection refused"),
        ("", "node-2: bash: line 1: dsdoctor: command not found\n"
             "pdsh@me: node-2: ssh exited with exit code 127\n",
         "dsdoctor is not there (bash: line 1: dsdoctor: command not found)"),
        ("", "pdsh@me: node-2: command timeout\nsending SIGTERM to ssh node-2\n",
         "no answer in time"),
        ("", "node-2: dsdoctor: error: /x: no such file or folder\nnode-2: hint: give a log\n",
         "error: /x: no such file or folder"),
        ("node-2: hello\nnode-2: {}\n", "", "no answer"),
        ("node-2: <<<dsdoctor-document|node-2|\nnode-2: AAAA\n", "", "its answer was cut off"),
        ("node-2: <<<dsdoctor-document|node-2|\nnode-2: AAAA\n"
         "node-2: |00000000|dsdoctor-end>>>\n", "", "its answer cannot be read: it is damaged"),
        ("".join(f"node-2: {line}\n" for line in framed(b'{"schema":"other"}', "x")), "",
         "its answer cannot be read: not a document of kind dsdoctor.events/1 but 'other'"),
        ("", "node-2: \x1b]0;evil\x07\x1b[31mred\x00\n", "red"),
    ],
)  # fmt: skip
def test_a_silent_host_has_its_reason(
    tmp_path: Path, pack: Pack, out: str, err: str, reason: str
) -> None:
    """In one sentence, and the other host is read all the same."""
    launcher = play(tmp_path, answer("node-1", LogRecord("/a.log")) + out, err)
    result = gather(HOSTS, ["/a.log"], pack, launcher)
    assert records_of(result) == ["node-1:/a.log"]
    assert [(item.host, item.reason) for item in result.silent] == [("node-2", reason)]


def test_a_launcher_that_hangs_is_ended(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its children, and what had arrived by then is kept."""
    monkeypatch.setattr("dsdoctor.transport.ask.GRACE_SECONDS", -9)
    monkeypatch.setattr("dsdoctor.transport.child.PATIENCE", 0.2)
    then = (
        "import signal, subprocess\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"subprocess.Popen(['sleep', '98.{tmp_path.stat().st_ino}'])\ntime.sleep(99)"
    )
    launcher = play(tmp_path, answer("node-1", LogRecord("/a.log")), then=then)
    started = time.monotonic()
    result = gather(HOSTS, ["/a.log"], pack, launcher, timeout=1)
    assert time.monotonic() - started < 8
    assert records_of(result) == ["node-1:/a.log"]
    assert [str(item) for item in result.silent] == ["node-2: no answer in 2 s"]
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert f"sleep 98.{tmp_path.stat().st_ino}" not in left.stdout


def test_nobody_waits_for_a_launcher_when_all_have_answered(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsdoctor.transport.child.PATIENCE", 0.2)
    out = answer("node-1", LogRecord("/a.log")) + answer("node-2", LogRecord("/a.log"))
    started = time.monotonic()
    result = gather(HOSTS, ["/a.log"], pack, play(tmp_path, out, then="time.sleep(60)"))
    assert time.monotonic() - started < 8
    assert len(result.records) == 2


def test_a_host_cannot_answer_for_another(tmp_path: Path, pack: Pack) -> None:
    """pdsh's label counts, not the name in the document."""
    out = answer("node-1", LogRecord("/a.log"), label="node-2: ")
    result = gather(HOSTS, ["/a.log"], pack, play(tmp_path, out))
    assert records_of(result) == ["node-2:/a.log"]
    assert [item.host for item in result.silent] == ["node-1"]


def test_too_large_an_answer_is_refused(tmp_path: Path) -> None:
    """Also one that is small only as long as it is packed."""
    bomb = "".join(f"node-1: {line}\n" for line in framed(b" " * 3_000_000, "node-1"))
    flood = "node-2: <<<dsdoctor-document|x|\n" + ("node-2: " + "A" * 760 + "\n") * 4000
    answers = ask(HOSTS, ["x"], play(tmp_path, bomb + flood), 5, limit=1_000_000)
    assert answers.documents == {}
    reason = "its answer cannot be read: more than 1000000 bytes"
    assert [item.reason for item in answers.silent] == [reason, reason]


def test_a_line_without_end_costs_no_memory(tmp_path: Path, pack: Pack) -> None:
    out = "node-2: " + "x" * 3_000_000 + "\n" + answer("node-1", LogRecord("/a.log"))
    result = gather(HOSTS, ["/a.log"], pack, play(tmp_path, out))
    assert records_of(result) == ["node-1:/a.log"]


def test_srun_hosts_are_known_by_what_they_call_themselves(tmp_path: Path, pack: Pack) -> None:
    """Its labels are numbers of tasks; its complaints name task and node."""
    out = answer("node-2", LogRecord("/a.log"), label="0: ")
    err = (
        "1: slurmstepd: error: execve(): dsdoctor: No such file or directory\n"
        "srun: error: node-1: task 1: Exited with exit code 2\n"
    )
    result = gather(HOSTS, ["/a.log"], pack, play(tmp_path, out, err, like=SRUN))
    assert records_of(result) == ["node-2:/a.log"]
    (failure,) = result.silent
    assert (failure.host, failure.reason.split(" (")[0]) == ("node-1", "dsdoctor is not there")


def spoiled(folder: Path, bad: set[str], named: bool = False) -> Launcher:
    """An srun that starts nothing where a bad node is among those asked; it counts its calls."""
    script = (
        "import pathlib, sys\n"
        f"calls = pathlib.Path({str(folder / 'calls')!r})\n"
        "hosts = sys.argv[1].split(',')\n"
        "calls.open('a').write(sys.argv[1] + chr(10))\n"
        f"bad = [host for host in hosts if host in {sorted(bad)!r}]\n"
        "if bad:\n"
        "    why = f'Task launch for StepId=1.0 failed on node {bad[0]}: Socket timed out'\n"
        f"    why = why if {named} else 'Unable to create step for job 1: Requested node'\n"
        "    sys.exit(f'srun: error: {why}')\n"
        "for number, host in enumerate(hosts):\n"
        f"    text = pathlib.Path({str(folder)!r}, host).read_text()\n"
        "    sys.stdout.write(''.join(f'{number}: {line}' for line in text.splitlines(True)))\n"
    )
    for host in HUNDRED:
        lines = framed(pack_up(Parcel(host=host, records=(LogRecord("/a.log"),))), host)
        (folder / host).write_text("".join(f"{line}\n" for line in lines))
    return replace(
        SRUN,
        name=sys.executable,
        arguments=lambda hosts, *_: ["-c", script, ",".join(hosts)],
    )


@pytest.mark.parametrize(("named", "calls"), [(True, 4), (False, 40)])
def test_a_bad_node_does_not_keep_the_others_from_answering(
    tmp_path: Path, pack: Pack, named: bool, calls: int
) -> None:
    """Also where srun does not tell which one it is; and in few calls."""
    bad = {"n07", "n08", "n77"}
    result = gather(HUNDRED, ["/a.log"], pack, spoiled(tmp_path, bad, named))
    assert records_of(result) == [f"{host}:/a.log" for host in HUNDRED if host not in bad]
    assert [item.host for item in result.silent] == sorted(bad)
    reason = "Socket timed out" if named else "Unable to create step"
    assert all(reason in item.reason for item in result.silent)
    assert len((tmp_path / "calls").read_text().splitlines()) <= calls


def test_nobody_asks_for_ever(tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no host can be reached at all, the number of calls is bounded."""
    monkeypatch.setattr("dsdoctor.transport.ask.MAX_CALLS", 5)
    result = gather(HUNDRED, ["/a.log"], pack, spoiled(tmp_path, set(HUNDRED)))
    assert [item.host for item in result.silent] == HUNDRED
    assert len((tmp_path / "calls").read_text().splitlines()) == 5


def test_reasons_are_told_once() -> None:
    failures = [HostFailure("a", "down"), HostFailure("b", "late"), HostFailure("c", "down")]
    assert in_words(failures) == ["a, c: down", "b: late"]


def test_short_and_long_names_are_one_host(tmp_path: Path, pack: Pack) -> None:
    out = answer("n1", LogRecord("/a.log"), label="0: ") + answer(
        "n2.hpc.example", LogRecord("/a.log"), label="1: "
    )
    hosts = ["n1.hpc.example", "n2"]
    result = gather(hosts, ["/a.log"], pack, play(tmp_path, out, like=SRUN))
    assert records_of(result) == ["n1.hpc.example:/a.log", "n2:/a.log"]
    assert result.silent == []


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_document_cut_anywhere_is_put_together(cut: int) -> None:
    """mpirun's buffers end in the middle of marks too."""
    text = "\n".join(framed(b"document" * 9, "node-1"))
    frame = Unframer()
    for start in range(0, len(text), cut):
        for piece in text[start : start + cut].split("\n"):
            frame.feed(piece)
    assert (frame.document, frame.host) == (b"document" * 9, "node-1")


def test_mpirun_mixes_hosts_within_a_line(tmp_path: Path, pack: Pack) -> None:
    one = answer("x", LogRecord("/a.log"), label="[1,0]<stdout>:")
    two = answer("y", LogRecord("/a.log"), label="[1,1]<stdout>:")
    halves = [text[:150].rstrip("\n") + "[1,{}]<stdout>:".format("01"[n]) + text[150:]
              for n, text in enumerate((one, two))]  # fmt: skip
    launcher = play(tmp_path, "".join(halves), like=MPIRUN)
    assert records_of(gather(HOSTS, ["/a.log"], pack, launcher)) == [
        "node-1:/a.log",
        "node-2:/a.log",
    ]


@pytest.mark.parametrize(
    ("paths", "command", "match"),
    [
        (["-"], "dsdoctor", "standard input"),
        (["/a"], "", "empty"),
        (["/a"], "-o x", "option"),
        (["/a"], "'", "read"),
    ],
)
def test_what_cannot_be_asked(pack: Pack, paths: list[str], command: str, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        gather(HOSTS, paths, pack, PDSH, remote_command=command)


def test_the_remote_command_is_split_like_a_shell_would(pack: Pack) -> None:
    """And relative paths become those of this folder."""
    seen: list[str] = []

    def arguments(_hosts: object, remote: list[str], _seconds: int) -> list[str]:
        seen.extend(remote)
        return ["-c", ""]

    launcher = Launcher(sys.executable, arguments, re.compile("(?P<label>x)"), lambda _: {})  # type: ignore[arg-type]
    gather(HOSTS, ["logs/*.log"], pack, launcher, remote_command="'/opt/my py/python' -m dsdoctor")
    assert seen[:6] == ["/opt/my py/python", "-m", "dsdoctor", "scan", "--framed", "--"]
    assert seen[6:] == [f"{Path.cwd()}/logs/*.log"]


def test_a_launcher_that_is_not_there_is_told(pack: Pack) -> None:
    launcher = Launcher("no-such-launcher", lambda *_: [], PDSH.label, PDSH.env)
    with pytest.raises(UsageError, match="no-such-launcher cannot be started"):
        gather(HOSTS, ["/a.log"], pack, launcher)


def test_msgspec_keeps_frames_small() -> None:
    """A record of nothing is a few hundred bytes, so that hosts by the hundred cost little."""
    assert len(msgspec.json.encode(LogRecord("/a.log"))) < 400
