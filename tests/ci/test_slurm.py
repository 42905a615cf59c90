"""The scripts for Slurm, on a real cluster of one node."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ci.documentation import assert_printed, block
from tests.ci.programs import DIES, DSDOCTOR, LOG, programs
from tests.conftest import ROOT
from tests.hosts import slurm
from tests.hosts.slurm import Cluster

pytestmark = [
    pytest.mark.skipif(bool(slurm.missing()), reason=f"needs Slurm: {slurm.missing()}"),
    pytest.mark.xdist_group("slurm"),
]
EPILOG = ROOT / "docs" / "ci" / "slurm-epilog.sh"
BATCH = ROOT / "docs" / "ci" / "slurm-job.sh"
NOBODY = "nobody"
STUCK = f"#!/bin/sh\ncat {LOG}\nexec sleep 300\n"
VERDICT = "DSC001  The batch sizes do not multiply out"
STAND_IN = """#!/bin/sh
for option; do case $last in --output-file) report=$option ;; esac; last=$option; done
id >&2
set -C
{ id; env; cat -- "$last"; } >"$report"
"""
"""Says who it is, and writes the log into the report: as much as dsdoctor may read."""


@dataclass
class Site:
    """A cluster whose epilog is ours, and a folder of a user."""

    cluster: Cluster
    folder: Path
    home: Path
    env: dict[str, str]

    def submit(self, script: str, *options: str, user: str = NOBODY) -> str:
        """Submit a batch job; gives its number."""
        path = self.folder / "script"
        path.write_text(script)
        own = (f"--uid={user}", f"--gid={pwd.getpwnam(user).pw_gid}", "--export=ALL")
        argv = ["sbatch", "--parsable", *own, "--chdir", str(self.home), *options, str(path)]
        env = {**self.cluster.env, "PATH": self.env["PATH"]}
        done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def wait(self, *jobs: str) -> None:
        """Wait until the jobs are over, their epilogs included."""
        self.until(lambda: not set(self.cluster.run("squeue", "-hao%F").stdout.split()) & set(jobs))
        self.cluster.wait_idle()

    def until(self, true: Callable[[], object], patience: float = 60) -> None:
        """Wait for something."""
        deadline = time.monotonic() + patience
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Below /tmp: a user must get there."""
    folder = Path(tempfile.mkdtemp(prefix="dsdoctor-slurm-"))
    folder.chmod(0o755)
    try:
        with slurm.cluster(1, folder) as cluster:
            (folder / "home").mkdir()
            shutil.chown(folder / "home", NOBODY)
            wrapper = f"#!/bin/sh\nDSDOCTOR={folder}/bin/doctor exec {EPILOG}\n"
            given = {"epilog": wrapper, "doctor": STAND_IN, "dsdoctor": DSDOCTOR, "deepspeed": DIES}
            env = programs(folder / "bin", given)
            with cluster.conf.open("a") as conf:
                conf.write(f"Epilog={folder}/bin/epilog\n")
            assert cluster.run("scontrol", "reconfigure").returncode == 0
            yield Site(cluster, folder, folder / "home", env)
    finally:
        shutil.rmtree(folder)


def test_the_epilog_acts_as_the_user_and_only_where_a_job_failed(site: Site) -> None:
    """Whatever the user named the log."""
    dies = "#!/bin/sh\necho the log; exit 3\n"
    odd = "--job-name=a b'c\"d$(touch pwned);é"
    failed = site.submit(dies, "-o", "%x-%j.log", odd, "--export=ALL,SECRET=x")
    well = site.submit("#!/bin/sh\necho well\n", "-o", "well.log")
    elsewhere = site.submit(dies, "-o", "/dev/null")
    unreadable = site.submit("#!/bin/sh\necho x; chmod 0 shut.log; exit 3\n", "-o", "shut.log")
    site.wait(failed, well, elsewhere, unreadable)
    (report,) = site.home.glob(f"*-{failed}.log.dsdoctor.txt")
    assert report.name == f"a b'c\"d$(touch pwned);é-{failed}.log.dsdoctor.txt"
    user = pwd.getpwnam(NOBODY)
    status = report.stat()
    assert (status.st_uid, status.st_gid) == (user.pw_uid, user.pw_gid)
    lines = report.read_text().splitlines()
    assert f"uid={user.pw_uid}({NOBODY})" in lines[0]
    assert "(root)" not in lines[0]
    assert not any(line.startswith(("SECRET=", "SLURM_", "LD_", "PYTHON")) for line in lines)
    assert lines[-1] == "the log"
    assert not list(site.folder.rglob("pwned"))
    assert not (site.home / "well.log.dsdoctor.txt").exists()
    assert not Path("/dev/null.dsdoctor.txt").exists()
    shut = site.home / "shut.log.dsdoctor.txt"
    assert not shut.exists() or "\nx\n" not in shut.read_text()
    assert site.cluster.states() == {"node1": "idle"}


def test_each_task_of_an_array_gets_its_own(site: Site) -> None:
    """The task that ends last has the number of the whole array."""
    dies = '#!/bin/sh\necho "task $SLURM_ARRAY_TASK_ID"; exit 3\n'
    job = site.submit(dies, "--array=1-3", "-o", "task-%a.log")
    site.wait(job)
    for task in (1, 2, 3):
        report = site.home / f"task-{task}.log.dsdoctor.txt"
        assert report.read_text().splitlines()[-1] == f"task {task}"


def test_links_of_the_user_lead_the_epilog_nowhere(site: Site) -> None:
    """Neither to what only root may read, nor to what only root may write."""
    secret, target = site.folder / "secret", site.folder / "target"
    for path in (secret, target):
        path.write_text("of root")
        path.chmod(0o600)
    read = site.submit(f"#!/bin/sh\nln -sf {secret} read.log\nexit 3\n", "-o", "read.log")
    report = "write.log.dsdoctor.txt"
    write = site.submit(f"#!/bin/sh\nln -s {target} {report}\nexit 3\n", "-o", "write.log")
    site.wait(read, write)
    assert (site.home / "read.log").is_symlink()
    assert (site.home / report).is_symlink()
    assert target.read_text() == secret.read_text() == "of root"
    told = site.home / "read.log.dsdoctor.txt"
    assert "(nobody)" in told.read_text()
    assert "of root" not in told.read_text()
    assert site.cluster.states() == {"node1": "idle"}


def for_users(folder: Path) -> str:
    """A dsdoctor that a user can run, or nothing where this checkout is closed to users."""
    packages = sysconfig.get_path("purelib")
    for python in (sys.executable, "/usr/bin/python3"):
        script = f'#!/bin/sh\nPYTHONPATH={ROOT}:{packages} exec {python} -m dsdoctor "$@"\n'
        programs(folder, {"doctor": script})
        argv = ["setpriv", "--reuid", NOBODY, "--clear-groups", f"{folder}/doctor", "--version"]
        if subprocess.run(argv, capture_output=True, cwd="/").returncode == 0:
            return script
    return ""


def test_the_epilog_with_dsdoctor_itself(site: Site) -> None:
    script = for_users(site.folder / "bin")
    if not script:
        pytest.skip("no Python here that another user may run")
    try:
        job = site.submit(f"#!/bin/sh\ncat {shlex.quote(str(LOG))}; exit 3\n", "-o", "real.log")
        site.wait(job)
    finally:
        programs(site.folder / "bin", {"doctor": STAND_IN})
    assert (site.home / "real.log.dsdoctor.txt").read_text().startswith(VERDICT)


@pytest.fixture
def own(site: Site, tmp_path: Path) -> Callable[..., Path]:
    """Submits slurm-job.sh as it stands in docs/; gives its log when it has come so far."""
    root = pwd.getpwuid(os.geteuid()).pw_name

    def submit(deepspeed: str, *options: str) -> Path:
        programs(site.folder / "bin", {"deepspeed": deepspeed})
        job = site.submit(BATCH.read_text(), "--chdir", str(tmp_path), *options, user=root)
        log = tmp_path / f"train-{job}.log"
        site.until(lambda: log.exists() and log.stat().st_size)
        return log

    return submit


def told(log: Path) -> str:
    return log.with_name(f"{log.name}.dsdoctor.txt").read_text()


def state(site: Site, log: Path) -> tuple[str, str]:
    """How Slurm says that the job ended."""
    job = log.stem.split("-")[1]
    site.wait(job)
    shown = site.cluster.run("scontrol", "show", "job", job).stdout
    words = dict(word.split("=", 1) for word in shown.split() if "=" in word)
    return words["JobState"], words["ExitCode"]


def test_a_batch_script_that_fails(site: Site, own: Callable[..., Path]) -> None:
    log = own(DIES)
    assert state(site, log) == ("FAILED", "1:0")
    # srun may say something of its own in between
    assert {*LOG.read_text().splitlines()} <= {*log.read_text().splitlines()}
    assert_printed("slurm-prints", told(log))


def test_a_batch_script_that_ends_well(site: Site, own: Callable[..., Path]) -> None:
    log = own("#!/bin/sh\necho done\n")
    assert state(site, log) == ("COMPLETED", "0:0")
    assert [path.name for path in log.parent.iterdir()] == [log.name]


@pytest.mark.skipif(os.environ.get("DSDOCTOR_LONG") != "1", reason="Slurm takes its time")
@pytest.mark.parametrize("way", ["cancelled", "at its time limit"])
def test_a_batch_script_that_is_stopped(way: str, site: Site, own: Callable[..., Path]) -> None:
    """The signal ahead of a limit of a minute comes at once, being 120 s ahead."""
    log = own(STUCK, "--time=1")
    if way == "cancelled":
        site.cluster.run("scancel", log.stem.split("-")[1])
    ended, _ = state(site, log)
    assert ended == ("CANCELLED" if way == "cancelled" else "FAILED")
    assert told(log).startswith(VERDICT)


def test_a_second_job_after_one_that_failed(site: Site, tmp_path: Path) -> None:
    """The lines of docs/ci.md."""
    (tmp_path / "train.sh").write_text("#!/bin/sh\n#SBATCH --output=train-%j.log\ndeepspeed\n")
    programs(site.folder / "bin", {"deepspeed": DIES})
    env = {**site.cluster.env, "PATH": site.env["PATH"]}
    argv = ["sh", "-ec", block("slurm-after")]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=30)
    assert done.returncode == 0, done.stderr
    second = done.stdout.split()[-1]
    site.wait(str(int(second) - 1), second)
    (report,) = tmp_path.glob("train-*.dsdoctor.txt")
    assert report.read_text().startswith(VERDICT)
