"""What is installed, and whether it is known to work together."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Confidence, Outcome, Severity
from dsdoctor.probes.clients.packages import Flaw, Packages, RealPackages
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.known_bad import entries, known_bad
from dsdoctor.probes.runner import run_probes
from dsdoctor.probes.version_text import compare, fits, older, release
from dsdoctor.probes.versions import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import ON_CPU, ON_GPU, PYTHON, FakePackages, software
from tests.unit.probes.gpu_site import asked, codes, severity

ACCUMULATING = {
    "train_micro_batch_size_per_gpu": 1,
    "gradient_accumulation_steps": 4,
    "zero_optimization": {"stage": 2},
}
OLD_TRAINER = {**ON_GPU, "deepspeed": "0.16.0", "transformers": "4.46.3", "accelerate": "1.1.1"}


def trainers(config: dict[str, Any]) -> JobSpec:
    return job(config, trainer=True)


def test_a_healthy_environment(pack: Pack) -> None:
    result = asked(PROBES, software(gpus=machine()), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == (
        "Python 3.11.9, torch 2.8.0, deepspeed 0.19.8, transformers 5.23.0, accelerate 1.15.0, "
        "nccl 2.27.3"
    )
    assert result.facts["torch.cuda"] == "12.8"
    assert result.facts["python_path"] == PYTHON


def test_nothing_is_installed(pack: Pack) -> None:
    result = asked(PROBES, software(packages={"python": "3.11.9"}), pack)
    assert codes(result) == ["DSB061", "DSB025"]
    assert PYTHON in result.findings[0].message


def test_a_source_tree_on_the_path_counts_as_installed(pack: Pack) -> None:
    places = {"torch": "/src/torch", "deepspeed": "/src/deepspeed"}
    packages = FakePackages({"python": "3.11.9"}, places)
    assert not codes(asked(PROBES, software(packages=packages), pack))


def test_a_cpu_build_beside_gpus(pack: Pack) -> None:
    result = asked(PROBES, software(packages=ON_CPU, gpus=machine(count=8)), pack)
    assert codes(result) == ["DSH022"]
    assert "8 GPUs" in result.findings[0].message


def test_a_cpu_build_is_right_without_gpus_or_on_purpose(pack: Pack) -> None:
    assert not codes(asked(PROBES, software(packages=ON_CPU), pack))
    host = FakeHost(environment={"DS_ACCELERATOR": "cpu"})
    assert not codes(asked(PROBES, software(host, ON_CPU, machine()), pack))


@pytest.mark.parametrize(
    ("kind", "code", "level"),
    [
        ("files", "DSB062", Severity.ERROR),
        ("leftover", "DSB062", Severity.ERROR),
        ("metadata", "DSB062", Severity.WARNING),
        ("interrupted", "DSB062", Severity.WARNING),
        ("twice", "DSB063", Severity.WARNING),
    ],
)
def test_damage(pack: Pack, kind: str, code: str, level: Severity) -> None:
    packages = FakePackages(flaws=[Flaw("torch", kind, "/env/site-packages/torch")])
    result = asked(PROBES, software(packages=packages), pack)
    assert codes(result) == [code]
    assert severity(result) is level
    assert "/env/site-packages/torch" in result.findings[0].message


def test_a_second_setuptools_is_no_fault(pack: Pack) -> None:
    """Debian has one below that of the environment."""
    packages = FakePackages(flaws=[Flaw("setuptools", "twice", "80.1 in /a, 68.1 in /b")])
    assert severity(asked(PROBES, software(packages=packages), pack)) is Severity.INFO


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {
                "deepspeed": "0.14.0",
                "torch": "2.4.0a0+07cecf4168.nv24.05",
                "transformers": "4.41.2",
            },
            "DSB028",
        ),
        ({"deepspeed": "0.14.3", "torch": "2.4.0", "transformers": "4.41.2"}, "DSB028"),
        (
            {"deepspeed": "0.9.5", "torch": "2.1.0", "transformers": "4.41.2", "numpy": "1.26"},
            "DSB029",
        ),
        ({"pydantic": "1.10.2"}, "DSB029"),
        ({"torch": "2.5.1"}, "DSB047"),
        ({"torch": "2.2.2", "transformers": "4.40.0", "numpy": "2.0.1"}, "DSB036"),
        ({"deepspeed": "0.15.1"}, "DSB060"),
    ],
)
def test_known_bad_sets(pack: Pack, changes: dict[str, str], code: str) -> None:
    result = asked(PROBES, software(packages={**ON_GPU, **changes}), pack)
    loud = [item for item in result.findings if item.severity is not Severity.INFO]
    assert [item.code for item in loud] == [code]
    assert any(version in loud[0].message for version in changes.values())
    assert loud[0].confidence is Confidence.LIKELY
    assert loud[0].evidence


def test_the_advice_of_a_known_bad_set_is_filled_in(pack: Pack) -> None:
    result = asked(PROBES, software(packages={**ON_GPU, "deepspeed": "0.15.1"}), pack)
    (remedy,) = result.findings[0].remedies
    assert remedy.summary.startswith("Upgrade DeepSpeed to 0.16.0")
    assert remedy.command == "pip install -U deepspeed"


def test_python_without_distutils(pack: Pack) -> None:
    versions = {**ON_GPU, "deepspeed": "0.19.4", "python": "3.12.4"}
    assert not codes(asked(PROBES, software(packages=versions), pack))
    del versions["setuptools"]
    result = asked(PROBES, software(packages=versions), pack)
    assert codes(result) == ["DSB046"]
    assert "setuptools missing" in result.findings[0].message


def test_a_set_that_depends_on_the_configuration(pack: Pack) -> None:
    where = software(packages=OLD_TRAINER, job=trainers(ACCUMULATING))
    result = asked(PROBES, where, pack)
    assert codes(result) == ["DSB060"]
    assert severity(result) is Severity.FATAL


@pytest.mark.parametrize(
    "config",
    [
        {**ACCUMULATING, "gradient_accumulation_steps": 1},
        {**ACCUMULATING, "zero_optimization": {"stage": 1}},
    ],
)
def test_a_configuration_that_avoids_it(pack: Pack, config: dict[str, Any]) -> None:
    assert not codes(asked(PROBES, software(packages=OLD_TRAINER, job=trainers(config)), pack))


def test_without_a_configuration_it_is_only_information(pack: Pack) -> None:
    result = asked(PROBES, software(packages=OLD_TRAINER), pack)
    assert severity(result) is Severity.INFO
    assert result.findings[0].confidence is Confidence.POSSIBLE


def test_another_framework_is_not_the_trainer() -> None:
    spec = job(ACCUMULATING)
    assert spec.filler is Filler.NONE
    assert [item.severity for item in known_bad(OLD_TRAINER, spec)] == [Severity.INFO]


def test_every_entry_has_a_page_and_can_be_read(pack: Pack) -> None:
    found = entries()
    assert len({entry.id for entry in found}) == len(found)
    for entry in found:
        preflight = pack[entry.code].preflight
        assert preflight is not None
        assert preflight.probe == "versions"
        assert all(fits(None, wanted) in (True, False) for wanted in entry.packages.values())
        assert not list(known_bad({}, None))


def test_versions_compare() -> None:
    assert release("2.4.0a0+nv24.05") == (2, 4, 0)
    assert compare("2.10", "2.9.1") == 1
    assert compare("1.0", "1.0.0") == 0
    assert older("0.9.5", "0.10")
    assert not older("unknown", "0.10")
    assert fits("2.4", ">=2.3,<2.5")
    assert not fits(None, ">=2.3")
    assert fits(None, "absent")
    assert not fits("unknown", "absent")
    with pytest.raises(ValueError, match="not a version range"):
        fits("1", "about 2")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_python_that_does_not_answer(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert asked(PROBES, software(packages=error), pack).outcome is outcome


def test_the_python_here() -> None:
    packages: Packages = RealPackages(sys.executable)
    started = time.monotonic()
    assert packages.versions()["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert time.monotonic() - started < 0.5
    places = [packages.location(name) for name in packages.versions()]
    assert all(Path(place).is_dir() for place in places if place)
    assert packages.abi() == "py{}{}".format(*sys.version_info[:2])
    assert packages.include()
    assert packages.flaws() == []


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is not installed"):
        RealPackages(str(tmp_path / "python")).versions()


def test_a_python_that_says_nonsense(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho hello\necho broken >&2\n")
    python.chmod(0o755)
    with pytest.raises(Unavailable, match="gave no answer: broken"):
        RealPackages(str(python)).versions()


def test_packages_as_they_are_on_disk(tmp_path: Path, pack: Pack) -> None:
    """A torch without its files, twice installed, and what a killed pip leaves behind."""
    for folder, version in (("first", "2.8.0"), ("second", "2.7.0")):
        info = tmp_path / folder / f"torch-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
    package = tmp_path / "first" / "torch"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('must not be run')\n")
    (package / "version.py").write_text(
        "__version__ = '2.8.0+cu128'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n"
    )
    (tmp_path / "first" / "~orch-2.7.0.dist-info").mkdir()
    python = tmp_path / "python"
    path = f"{tmp_path}/first:{tmp_path}/second"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    packages = RealPackages(str(python))
    assert packages.versions()["torch.cuda"] == "12.8"
    assert "torch.hip" not in packages.versions()
    assert {flaw.kind for flaw in packages.flaws()} == {"files", "twice", "interrupted"}
    here = software(FakeHost(), FakePackages(packages.versions(), flaws=packages.flaws()))
    (result,) = run_probes(PROBES, here, pack)
    assert set(codes(result)) >= {"DSB062", "DSB063"}
