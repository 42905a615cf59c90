"""The order of judgement: root, fallout, what the job got over, how it ended."""

from __future__ import annotations

from dsdoctor.model import Role, Status
from tests.conftest import Explain

SPAWN = (
    "[2026-01-31 10:00:00,000] [INFO] [launch.py:152:main] nnodes=1, num_local_procs=2, "
    "node_rank=0\n"
    "[2026-01-31 10:00:00,001] [INFO] [launch.py:245:main] process 11 spawned with command: "
    "['python', '-u', 'train.py', '--local_rank=0']\n"
    "[2026-01-31 10:00:00,002] [INFO] [launch.py:245:main] process 12 spawned with command: "
    "['python', '-u', 'train.py', '--local_rank=1']\n"
)
CAUGHT = (
    "Traceback (most recent call last):\n"
    '  File "/home/user/project/data.py", line 3, in fetch\n'
    "    raise ConnectionError(url)\n"
    "ConnectionError: mirror 1\n"
)
FATAL = (
    "[rank1]: Traceback (most recent call last):\n"
    '[rank1]:   File "/home/user/project/train.py", line 9, in <module>\n'
    "[rank1]:     labels[name]\n"
    "[rank1]: KeyError: 'truck'\n"
)
LOST = (
    "[rank0]: Traceback (most recent call last):\n"
    '[rank0]:   File "/home/user/project/train.py", line 12, in <module>\n'
    "[rank0]:     dist.all_reduce(x)\n"
    '[rank0]:   File "/home/user/venv/lib/python3.11/site-packages/torch/distributed/'
    'distributed_c10d.py", line 9, in all_reduce\n'
    "[rank0]:     work.wait()\n"
    "[rank0]: RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:534] "
    "Connection closed by peer [127.0.0.1]:16302\n"
)
EXIT = (
    "[2026-01-31 10:10:00,000] [ERROR] [launch.py:259:sigkill_handler] ['python', '-u', "
    "'train.py', '--local_rank=1'] exits with return code = {code}\n"
)


def steps(first: int, last: int, skipped: str = "") -> str:
    """Progress lines."""
    return "".join(
        f"step={n}, {skipped and f'skipped={n}, '}loss: 1.5\n" for n in range(first, last)
    )


def gone(*pids: int) -> str:
    """Processes that ended well."""
    line = "[2026-01-31 10:10:00,000] [INFO] [launch.py:351:main] Process {} exits successfully.\n"
    return "".join(line.format(pid) for pid in pids)


def test_the_rank_that_only_waited_is_a_consequence_even_if_it_spoke_first(
    diagnose: Explain,
) -> None:
    report = diagnose(SPAWN + steps(0, 3) + LOST + FATAL + EXIT.format(code=1))
    root = report.verdict.root
    assert root is not None
    assert (root.code, root.ranks) == ("DSX001", (1,))
    roles = {item.code: (item.role, item.caused_by) for item in report.findings}
    assert roles["DSN015"] == (Role.CONSEQUENCE, "DSX001")


def test_a_caught_exception_in_the_middle_is_not_the_root(diagnose: Explain) -> None:
    """Training went on for thousands of steps, most of which the reader only samples."""
    log = SPAWN + steps(0, 3000) + CAUGHT + steps(3000, 9000) + FATAL * 300 + EXIT.format(code=1)
    root = diagnose(log).verdict.root
    assert root is not None
    assert "KeyError" in root.message


def test_a_good_ending_acquits_a_caught_exception(diagnose: Explain) -> None:
    report = diagnose(SPAWN + steps(0, 2) + CAUGHT + steps(2, 4) + gone(11, 12))
    assert (report.verdict.status, report.verdict.root) == (Status.HEALTHY, None)


def test_a_rank_that_left_early_is_named(diagnose: Explain) -> None:
    report = diagnose(SPAWN + steps(0, 4) + gone(12) + steps(4, 5))
    root = report.verdict.root
    assert root is not None
    assert (root.code, root.ranks) == ("DSX004", (1,))


def test_a_log_that_just_stops_says_where(diagnose: Explain) -> None:
    report = diagnose(SPAWN + steps(0, 7))
    root = report.verdict.root
    assert root is not None
    assert (report.verdict.status, root.code) == (Status.INCONCLUSIVE, "DSX002")
    assert "step 6" in root.message


def test_only_fallout_left_is_unknown(diagnose: Explain) -> None:
    """Nobody is accused; the place to look is named."""
    report = diagnose(SPAWN + "could not open the pod bay doors: denied\n" + EXIT.format(code=1))
    root = report.verdict.root
    assert root is not None
    assert (report.verdict.status, root.code, root.ranks) == (Status.UNRECOGNISED, "DSX003", ())
    assert root.evidence[0].text.startswith("could not open")


def test_every_step_skipped_is_not_healthy(diagnose: Explain) -> None:
    """The job ends with code 0 and learned nothing."""
    report = diagnose(SPAWN + steps(1, 60, skipped="all") + gone(11, 12))
    root = report.verdict.root
    assert root is not None
    assert root.code == "DSX005"


def test_warm_up_skips_are_healthy(diagnose: Explain) -> None:
    log = SPAWN + steps(1, 12, skipped="all") + steps(12, 90) + gone(11, 12)
    assert diagnose(log).verdict.status is Status.HEALTHY


def test_a_lone_kill_is_likely_not_certain(diagnose: Explain) -> None:
    root = diagnose(SPAWN + steps(0, 3) + LOST + EXIT.format(code=-9)).verdict.root
    assert root is not None
    assert (root.code, root.confidence.value) == ("DSM018", "likely")
    assert root.ranks == (1,)
    assert "rank 1, the only one that did not complain" in root.message


def test_two_jobs_in_one_file_are_told_apart(diagnose: Explain) -> None:
    """The first died of a KeyError, the second, appended with >>, of a kill."""
    second = SPAWN.replace("process 11", "process 21").replace("process 12", "process 22")
    log = SPAWN + steps(0, 3) + FATAL + EXIT.format(code=1)
    log += second + steps(0, 2) + LOST + EXIT.format(code=-9)
    report = diagnose(log)
    assert report.verdict.root is not None
    assert report.verdict.root.code == "DSM018"
    assert "holds 2 starts of a job" in report.coverage.notes[0]


def test_a_restart_that_ended_well_acquits(diagnose: Explain) -> None:
    second = SPAWN.replace("process 11", "process 21").replace("process 12", "process 22")
    log = SPAWN + steps(0, 3) + FATAL + EXIT.format(code=1) + second + steps(0, 9) + gone(21, 22)
    assert diagnose(log).verdict.status is Status.HEALTHY


def test_torchrun_names_the_rank_of_an_unmarked_traceback(diagnose: Explain) -> None:
    """One traceback without a mark, one process that failed by itself: they belong together."""
    line = (
        "E0131 10:00:00.123000 4242 torch/distributed/elastic/multiprocessing/api.py:1002] failed "
        "(exitcode: 1) local_rank: 2 (pid: 4379) of binary: /home/user/venv/bin/python\n"
    )
    root = diagnose(CAUGHT + line).verdict.root
    assert root is not None
    assert root.ranks == (2,)
    both = diagnose(CAUGHT + CAUGHT + line).verdict.root
    assert both is not None
    assert both.ranks == ()


def test_a_host_with_several_ranks_accuses_none_of_them(diagnose: Explain) -> None:
    """The traceback names the host; which of its ranks it was, nobody says."""
    marks = "node-2: [rank2]: step=1, loss: 1.5\nnode-2: [rank3]: step=1, loss: 1.5\n"
    caught = "".join(f"node-2: {line}\n" for line in CAUGHT.splitlines())
    root = diagnose(marks + caught + EXIT.format(code=1)).verdict.root
    assert root is not None
    assert (root.hosts, root.ranks) == (("node-2",), ())
    one = diagnose(marks.split("\n")[0] + "\n" + caught + EXIT.format(code=1)).verdict.root
    assert one is not None
    assert one.ranks == (2,)
