"""Nothing that was planted comes through, ordinary lines do, and twice is as good as once."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dsdoctor.model import (
    Confidence,
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
    Verdict,
)
from dsdoctor.redact.private_keys import PrivateKeys
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report import json_v1
from dsdoctor.report.lines import as_plain
from dsdoctor.report.text import render
from tests.conftest import ROOT, Explain
from tests.unit.redact.planted import Plant, leaks, planted_log, plants

PLANTS = list(plants())
MAX_GROWTH = 12


def test_there_is_enough_planted() -> None:
    assert len(PLANTS) >= 300
    assert len({plant.kind for plant in PLANTS}) >= 25


@pytest.mark.parametrize("kind", sorted({plant.kind for plant in PLANTS}))
def test_no_secret_survives_in_its_line(kind: str) -> None:
    mine = [plant for plant in PLANTS if plant.kind == kind]
    assert [p.line for p in mine if leaks([p], Redactor().text(p.line))] == []


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_no_secret_survives_in_a_log(seed: int) -> None:
    found = list(plants(seed))
    redactor = Redactor()
    text = redactor.text(planted_log(found, seed))
    assert leaks(found, text) == []
    assert sum(redactor.replaced.values()) >= len(found)
    assert Redactor().text(text) == text


def test_no_secret_survives_in_the_report(diagnose: Explain) -> None:
    """As evidence, title, remedy, fact or note: each text of a report is cut out of some log."""
    redactor = Redactor()
    report = redactor.report(_report_of(PLANTS, diagnose("nothing")))
    assert leaks(PLANTS, json_v1.render(report)) == []
    assert leaks(PLANTS, as_plain(render(report, 100, verbose=True))) == []


def _report_of(found: list[Plant], empty: Report) -> Report:
    evidence = tuple(Evidence("a.log", i, plant.line) for i, plant in enumerate(found))
    finding = Finding(
        code="DSD-X",
        slug="x",
        title=found[0].line,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        role=Role.CAUSE,
        message=found[1].line,
        why="the key " + found[2].secret + " again, without its line",
        evidence=evidence,
        remedies=tuple(Remedy(plant.line, "env", command=plant.line) for plant in found[:20]),
    )
    facts: dict[str, object] = {f"line {i}": plant.line for i, plant in enumerate(found)}
    return replace(
        empty,
        verdict=Verdict(Status.DIAGNOSED, found[3].line, finding),
        findings=(finding,),
        collect=tuple(plant.line for plant in found),
        probes=(ProbeResult("p", Outcome.OK, facts={"nested": [facts], **facts}),),
    )


def test_a_key_is_known_without_its_name_once_it_was_seen() -> None:
    text = Redactor().text("COMET_API_KEY=8Yx2Qw9ErT5uIoP1aSd4\nrejected: 8Yx2Qw9ErT5uIoP1aSd4\n")
    assert "8Yx2" not in text


def test_under_one_percent_of_ordinary_lines_change() -> None:
    """And none of them for a secret: there is none in the fixtures."""
    kinds: Counter[str] = Counter()
    lines = changed = 0
    for path in sorted(
        [*ROOT.glob("fixtures/healthy/**/*.log"), *ROOT.glob("fixtures/cases/**/*.log")]
    ):
        data = path.read_bytes()
        redactor = Redactor()
        redactor.learn(data)
        before, after = data.split(b"\n"), redactor.block(data, PrivateKeys()).split(b"\n")
        assert len(before) == len(after)
        lines += len(before)
        changed += sum(one != other for one, other in zip(before, after, strict=True))
        kinds.update(redactor.replaced)
    assert lines > 10_000
    assert changed < 0.01 * lines
    assert set(kinds) <= {"host", "ip-address", "user"}


@pytest.mark.parametrize(
    "line",
    [
        "node-1:3782:3782 [0] NCCL INFO NET/Socket : Using [0]lo:127.0.0.1<0>",
        "[INFO] deepspeed 0.16.9, torch 2.11.0+cu130, driver 580.159.04, cuDNN 9.1.0.70",
        "pip install nvidia-cublas-cu12==12.4.5.8 torch-2.6.0.1",
        "[2026-11-20 14:58:14,902] [INFO] 10:00:00 step=10 loss=0.25 tokens/s=1024.5",
        'File "/opt/venv/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1773',
        "  pad_token_id=0, eos_token='</s>', max_new_tokens=20, num_tokens: 12345",
        "loaded 3f2a9c1d4e5b6a7f8091a2b3c4d5e6f708192a3b from git",
        "undefined symbol: _ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcE",
        "see https://pytorch.org/docs and https://github.com/deepspeedai/DeepSpeed/issues/1",
        "    token = get_token(os.environ['HF_TOKEN'])",
        "    password=args.password, secret=self.secret, token=None, api_key=$API_KEY",
        "rank 3: std::runtime_error at c10::Error, 0000:07:00.0, abc::def",
        "[::1]:29500 and localhost:29500 and 0.0.0.0:8080",
        "KeyError: 'model.layers.0.weight' unexpected key: model.embed_tokens.weight",
        "git@github.com:deepspeedai/DeepSpeed.git cloned to /home/user/project",
        "WORLD INFO DICT: {'localhost': [0, 1]} world_info=eyJsb2NhbGhvc3QiOiBbMCwgMV19",
        "betas: [0.9, 0.999], threading.local() self.model.net(x) np.core.internal",
    ],
)
def test_ordinary_lines_stay(line: str) -> None:
    assert Redactor().text(line) == line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gpu-a17:31:32 [0] NCCL INFO x", "node-1:31:32 [0] NCCL INFO x"),
        ("ping gpu-a17.cluster.local now", "ping node-1 now"),
        ("/home/ann/train.py /Users/ann/x", "/home/user-1/train.py /Users/user-1/x"),
        ("mail ann.lee@uni-x.edu", "mail email-1"),
        ("peer 192.168.30.11:29500 and fe80::1a2b%eth0", "peer ip-1:29500 and ip-2%eth0"),
        ("GPU-1a2b3c4d-0000-1111-2222-333344445555", "gpu-uuid-1"),
        ("ether 0c:42:a1:5d:3e:99 up", "ether mac-1 up"),
        ("SLURM_JOB_NODELIST=gpu-a[17-18],gpu-b2", "SLURM_JOB_NODELIST=node-1,node-2,node-3"),
        ("--master_addr gpu-a17 --master_port 1", "--master_addr node-1 --master_port 1"),
        ("WORLD INFO DICT: {'gpu-a17': [0, 1]}", "WORLD INFO DICT: {'node-1': [0, 1]}"),
        ("srun: error: gpu-a17: task 3: Killed", "srun: error: node-1: task 3: Killed"),
        ("gpu-a17 slots=8", "node-1 slots=8"),
        ("ssh: connect to host gpu-a17 port 22: x", "ssh: connect to host node-1 port 22: x"),
        ("ssh ann@gpu-a17 hostname", "ssh user-1@node-1 hostname"),
        ("uid=1000(ann) gid=1000(ann)", "uid=1000(user-1) gid=1000(user-1)"),
        ("tcp://gpu-a17:29500", "tcp://node-1:29500"),
        ("Nov 20 10:00:00 gpu-a17 kernel: NVRM", "Nov 20 10:00:00 node-1 kernel: NVRM"),
        ("root@gpu-a17:~# ls", "root@node-1:~# ls"),
        ("gpu-a17: [rank0]: step", "node-1: [rank0]: step"),
        ("sshpass -p hunter22 ssh x", "sshpass -p <redacted:command-password> ssh x"),
        ("curl -u ann:hunter22 x", "curl -u <redacted:command-password> x"),
        (
            "docker login -u x -p S3cretPass9 y",
            "docker login -u x -p <redacted:command-password> y",
        ),
    ],
)
def test_names_get_placeholders(line: str, expected: str) -> None:
    assert Redactor().text(line) == expected


def test_a_host_is_the_same_everywhere_and_keeps_clear_of_names_in_use() -> None:
    text = Redactor().text(
        "before: gpu-a17 answers\ngpu-a17:1:2 [0] NCCL INFO x\nnode-1: ok\nGPU-A17.cluster.local\n"
    )
    assert text == "before: node-2 answers\nnode-2:1:2 [0] NCCL INFO x\nnode-1: ok\nnode-2\n"


def test_placeholders_hold_over_several_files() -> None:
    redactor = Redactor()
    redactor.learn(b"gpu-a17:1:2 [0] NCCL INFO x\n/home/jdoe/x\n")
    assert redactor.block(b"gpu-b3:1:2 [0] NCCL INFO x", PrivateKeys()) != b""
    assert redactor.text("on gpu-a17 of jdoe") == "on node-2 of user-1"


def test_the_launchers_list_of_hosts_is_rewritten_inside_its_base64() -> None:
    import base64

    world = base64.urlsafe_b64encode(json.dumps({"gpu-a17": [0, 1], "node-2": [0]}).encode())
    text = Redactor().text(f"launch --world_info={world.decode()} --node_rank=0")
    found = text.partition("=")[2].partition(" ")[0]
    assert json.loads(base64.urlsafe_b64decode(found)) == {"node-1": [0, 1], "node-2": [0]}


def test_hosts_and_keys_of_a_report_need_no_context() -> None:
    finding = RankRow(rank=0, host="athena", file="logs/athena.log")
    report = Report(
        Verdict(Status.HEALTHY, "athena is well"),
        ranks=(finding,),
        probes=(ProbeResult("env", Outcome.OK, facts={"MY_API_KEY": "abcd1234efgh"}),),
    )
    done = Redactor().report(report)
    assert done.ranks[0].host == "node-1"
    assert done.ranks[0].file == "logs/node-1.log"
    assert done.verdict.summary == "node-1 is well"
    assert done.probes[0].facts == {"MY_API_KEY": "<redacted:api-key>"}
    assert report.ranks[0].host == "athena"


def test_a_private_key_over_lines_and_blocks_of_other_ranks() -> None:
    redactor, keys = Redactor(), PrivateKeys()
    row = b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    first = redactor.block(b"[rank0]: -----BEGIN PRIVATE " + b"KEY-----\n[rank0]: " + row, keys)
    more = redactor.block(b"\n[rank1]: step 3\n[rank0]: " + row + b"\n", keys)
    other = row[::-1]
    last = redactor.block(b"[rank0]: kLq=\n-----END PRIVATE " + b"KEY-----\n" + other, keys)
    assert row not in first + more
    assert row not in redactor.block(b"and again: " + row, PrivateKeys())
    assert b"[rank1]: step 3" in more
    assert b"kLq=" not in last
    assert last.endswith(other)


def test_a_key_that_breaks_off_does_not_take_the_rest_of_the_log() -> None:
    path = b'  File "/home/user/venv/lib/python3/dist/something/else.py", line 3\n'
    data = b"-----BEGIN PRIVATE " + b"KEY-----\nabc\n" + path * 200
    assert Redactor().block(data, PrivateKeys()).count(path) > 150


@pytest.mark.parametrize("value", ["%gXALdWkGEx5", "$ecret1234", "{x9-Qw2", "aa!!bb@@cc"])
def test_a_password_may_begin_like_a_template(value: str) -> None:
    assert Redactor().text(f"DB_PASSWORD={value}") == "DB_PASSWORD=<redacted:password>"


def test_counts_name_kinds_and_never_values() -> None:
    redactor = Redactor()
    redactor.text("HF_TOKEN=abcdef123456 on 10.1.2.3 and 10.1.2.3")
    assert redactor.replaced == {"huggingface-token": 1, "ip-address": 2}
    assert redactor.names == {"ip-address": 1}
    assert redactor.placeholders == ["ip-1"]


def _words(text: str) -> list[str]:
    """The words of ``text``, in which ``~`` stands for a space."""
    return [word.replace("~", " ") for word in text.split()]


_PIECES = st.sampled_from(
    _words(
        r"""password= token:~ :// @ /home/ ann gpu-a17 .local 10.0.0.7 ::1 eyJ AAAA node-1
        user-1 ip-3 :1:2 world_info= Cookie:~a= fe80::1 [1-3] NODELIST= sk- <redacted:token>
        Bearer~ NCCL~INFO -----BEGIN~PRIVATE~KEY----- aB3dE5fG7hJ9kL1mN3pQ5rS7 ~ " ' \ = : ,
        [0]~ é login /HOME/ LF ESC SURROGATE"""
    )
).map(lambda word: {"LF": "\n", "ESC": "\x1b[1m", "SURROGATE": "\udc80"}.get(word, word))
_TEXT = st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=24).map("".join))


@settings(max_examples=600, deadline=None)
@given(_TEXT)
def test_it_never_raises_and_never_grows_much(text: str) -> None:
    done = Redactor().text(text)
    assert len(done) <= MAX_GROWTH * len(text) + 40
    assert done.count("\n") == text.count("\n")


@pytest.mark.parametrize("kind", ["ghp_", "hf_", "ghs_"])
def test_keys_without_anything_between(kind: str) -> None:
    bodies = ["aB3" * 12, "xY7" * 12, "kQ9" * 12]
    redacted = Redactor().text("".join(f"{kind}{body}" for body in bodies))
    assert not any(body[:8] in redacted for body in bodies), redacted


def test_a_name_of_half_a_line_takes_no_time() -> None:
    named = b64encode(json.dumps({"a" * 48_000: [0]}).encode()).decode()
    started = time.process_time()
    Redactor().text(f"--world_info={named} {named}")
    assert time.process_time() - started < 3


@settings(max_examples=600, deadline=None)
@given(_TEXT)
@example(":0000000123456789ABCDEab/00.0.0.0")
def test_twice_is_as_good_as_once(text: str) -> None:
    redactor = Redactor()
    once = redactor.text(text)
    assert redactor.text(once) == once
    assert Redactor().text(once) == once


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["gpu-a17", "gpu-b2", "dl-06.corp.local"]), min_size=1, max_size=9))
def test_a_name_has_one_placeholder(hosts: list[str]) -> None:
    redactor = Redactor()
    lines = redactor.text("".join(f"{host}:1:2 [0] NCCL INFO x\n" for host in hosts)).splitlines()
    pairs = {(host, line.split(":")[0]) for host, line in zip(hosts, lines, strict=True)}
    assert len(pairs) == len({host for host, _ in pairs}) == len({name for _, name in pairs})


_HOSTILE = _words(
    r"""a password= token:' eyJ ://a a@ a. wandb~ - /home/a 1. :: ab: sk- AAAA "auth":" host=a,
    SG.a hf_ NODELIST=a[1-9], Bearer~ cookie:~a=b \ ' --token~ _key= a-a. =aB1 x.com AIza
    user= ://a:b -----BEGIN~PRIVATE~KEY----- world_info=eyJ
    login~a~password~ webhook.office.com/webhookb2/"""
)


@pytest.mark.parametrize("piece", _HOSTILE)
def test_hostile_lines_take_time_in_proportion(piece: str) -> None:
    """A line of 200 kB of the worst kind: time must grow with the length, not its square."""
    line = (piece * (200_000 // len(piece))).encode()
    started = time.process_time()
    Redactor().block(line[:20_000], PrivateKeys())
    short = time.process_time() - started
    started = time.process_time()
    Redactor().block(line, PrivateKeys())
    assert time.process_time() - started < 25 * short + 1
