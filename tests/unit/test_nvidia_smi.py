"""nvidia-smi's two outputs: what is out of order, and nothing where all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.diagnosis.gpu_findings import findings_of, nvidia_smi_findings
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.nvidia_smi import MAX_BYTES, parse_nvidia_smi, read_nvidia_smi
from dsdoctor.model import Finding, Role, Severity
from tests.conftest import ROOT

QUERY = ROOT / "tests/data/witness/nvidia-smi-q.txt"
TABLE = ROOT / "tests/data/witness/nvidia-smi.txt"
TEXTS = {"query": QUERY.read_text(), "table": TABLE.read_text()}
OLD_ECC = """\
GPU 00000000:3B:00.0
    Clocks Throttle Reasons
        HW Slowdown                 : Active
            HW Thermal Slowdown     : Not Active
    ECC Errors
        Volatile
            Single Bit
                Device Memory       : 9
                Total               : 9
            Double Bit
                Device Memory       : 1
                Total               : 1
    Retired Pages
        Single Bit ECC              : 0
        Double Bit ECC              : 2
        Pending                     : Yes
    Processes                       : None
"""


def codes(text: str, pack: Pack, *, source: str = "smi.txt") -> dict[str, Finding]:
    """The findings on a text, by code."""
    gpus = parse_nvidia_smi(text.encode()).gpus
    return {item.code: item for item in findings_of(gpus, source, pack, {400})}


@pytest.mark.parametrize("path", [QUERY, TABLE], ids=["query", "table"])
def test_a_captured_snapshot_of_a_sound_gpu(path: Path, pack: Pack) -> None:
    """One GPU, one process of the job: nothing to say."""
    (gpu,) = read_nvidia_smi(path).gpus
    assert (gpu.name, gpu.used_mib) == ("GPU 0 (0000:00:06)", 4623)
    assert [(item.pid, item.name, item.mib) for item in gpu.processes.values()] == [
        (400, "python3", 4614)
    ]
    assert nvidia_smi_findings(path, pack, {400}) == ([], [])


@pytest.mark.parametrize(
    ("output", "old", "new", "code", "detail"),
    [
        ("query", "DRAM Uncorrectable                         : 0",
         "DRAM Uncorrectable                         : 3", "DSH048", "3 since the driver started"),
        ("table", "00000000:00:06.0 Off |                    0 |",
         "00000000:00:06.0 Off |                    3 |", "DSH048", "3 since the driver started"),
        ("query", "Remapping Failure Occurred                     : No",
         "Remapping Failure Occurred                     : Yes", "DSH049", "could not be remapped"),
        ("query", "        Pending                                        : No",
         "        Pending                                        : Yes", "DSH049", "remapped"),
        ("query", "GPU Recovery Action                                : None",
         "GPU Recovery Action                                : Reset", "DSH049", "Reset"),
        ("query", "HW Power Brake Slowdown                    : Not Active",
         "HW Power Brake Slowdown                    : Active", "DSH050", "Power Brake"),
        ("query", "GPU Current Temp                               : 37 C",
         "GPU Current Temp                               : Unknown Error", "DSH051", "Unknown"),
        ("table", "| N/A   37C ", "|ERR!   37C ", "DSH051", "ERR!"),
        ("query", "    MIG Mode\n        Current                                        : Disabled",
         "    MIG Mode\n        Current                                        : Enabled", "DSH055",
         "GPU 0 (0000:00:06)"),
        ("table", "|             Disabled |", "|             Enabled* |", "DSH055", "GPU 0"),
        ("query", "Compute Mode                                       : Default",
         "Compute Mode                                       : Exclusive_Process", "DSH056",
         "Exclusive_Process"),
        ("table", "   Default |", "E. Process |", "DSH056", "Exclusive_Process"),
        ("query", "Current                                : 16x",
         "Current                                : 4x", "DSH057", "4 of 16 PCIe lanes"),
        ("query", "    Fabric\n        State                                          : N/A",
         "    Fabric\n        State                                          : In Progress",
         "DSH058", "In Progress"),
    ],
)  # fmt: skip
def test_what_is_out_of_order(
    output: str, old: str, new: str, code: str, detail: str, pack: Pack
) -> None:
    """Each value by itself, in the captured text: one finding, which is context, with its line."""
    text = TEXTS[output]
    assert old in text
    found = codes(text.replace(old, new), pack)
    assert list(found) == [code]
    finding = found[code]
    assert detail in finding.message
    assert (finding.role, finding.severity.level >= Severity.WARNING.level) == (Role.CONTEXT, True)
    shown = finding.evidence[0]
    line = text.replace(old, new).splitlines()[shown.line - 1]
    assert shown.text == f"GPU 0 (0000:00:06): {line.strip()}"


def test_old_drivers(pack: Pack) -> None:
    """Single and double bit errors, throttle reasons, pending pages as of driver 418."""
    found = codes(OLD_ECC, pack)
    assert list(found) == ["DSH048", "DSH049", "DSH050"]
    assert "1 since the driver started" in found["DSH048"].message


def test_processes_of_others_are_told(pack: Pack) -> None:
    (found,), _ = nvidia_smi_findings(QUERY, pack, {99})
    assert (found.code, found.severity) == ("DSH054", Severity.INFO)
    assert "python3 (pid 400) 4614 MiB" in found.message


def test_two_processes_on_one_gpu(pack: Pack) -> None:
    row = next(line for line in TEXTS["table"].splitlines() if " 400 " in line)
    text = TEXTS["table"].replace(row, row + "\n" + row.replace(" 400 ", " 401 "))
    assert "(pid 401)" in codes(text, pack)["DSH052"].message


def test_memory_without_a_process(pack: Pack) -> None:
    text = TEXTS["query"].partition("    Processes\n")[0]
    assert "4623 MiB" in codes(text, pack)["DSH053"].message


def test_gpus_are_folded(pack: Pack) -> None:
    """Eight GPUs with one trouble are one finding."""
    one = OLD_ECC.replace("3B:00", "{:02X}:00")
    found = codes("".join(one.format(number) for number in range(1, 13)), pack)["DSH050"]
    assert found.count == 12
    assert "GPU 7 (0000:08:00)" in found.message
    assert "and 4 more" in found.message
    assert len(found.evidence) == 4


def test_several_snapshots_add_up(pack: Pack) -> None:
    bad = TEXTS["query"].replace("HW Slowdown                                    : Not",
                                 "HW Slowdown                                    :")  # fmt: skip
    found = codes(TEXTS["query"] + bad + TEXTS["query"], pack)
    assert list(found) == ["DSH050"]
    assert found["DSH050"].count == 1


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"", "no GPU"),
        (b"\0" * 9000, "no GPU"),
        (b"Failed to initialize NVML: Unknown Error\n", "no GPU"),
        (b"|" * 100_000 + b"\n", "no GPU"),
    ],
)
def test_bad_files_get_one_note(tmp_path: Path, pack: Pack, data: bytes, note: str) -> None:
    path = tmp_path / "nvidia-smi.txt"
    path.write_bytes(data)
    found, notes = nvidia_smi_findings(path, pack)
    assert not found
    assert len(notes) == 1
    assert note in notes[0]


def test_an_unreadable_file_is_a_note(tmp_path: Path) -> None:
    assert "cannot be read" in read_nvidia_smi(tmp_path / "gone.txt").notes[0]


def test_an_endless_file_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "nvidia-smi.txt"
    path.write_text(TEXTS["query"] * (MAX_BYTES // len(TEXTS["query"]) + 2))
    report = read_nvidia_smi(path)
    assert len(report.gpus) == 1
    assert "only its first 8 MiB were read" in report.notes[0]


def test_the_host_comes_from_the_name(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "nvidia-smi-node7.txt"
    path.write_text(OLD_ECC)
    found, _ = nvidia_smi_findings(path, pack)
    assert {item.hosts for item in found} == {("node7",)}


def test_a_section_with_a_value_is_no_counter() -> None:
    report = parse_nvidia_smi(b"GPU 00000000:3B:00.0\n    ECC Errors : 1\n")
    assert [gpu.facts for gpu in report.gpus] == [{}]
