"""Reads what beside the logs tells about a job, and ties it to the job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from dsdoctor.diagnosis.copies import without_copies
from dsdoctor.diagnosis.gpu_findings import nvidia_smi_findings
from dsdoctor.diagnosis.job_traits import JobTraits, job_traits
from dsdoctor.diagnosis.relevance import settled
from dsdoctor.errors import SourceError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.compression import codec_errors, open_log, reading_errors
from dsdoctor.logs.error_json import Zone, read_error_json, utc
from dsdoctor.logs.kernel import KernelReader
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.witness import Witness, host_of
from dsdoctor.model import Finding, Origin

MAX_ERROR_FILES = 20_000
LATE = timedelta(minutes=45)
"""Logs may go on so long after the last exception: ranks that wait for a collective to time out."""
CLOSE = timedelta(minutes=2)
QUARTER = timedelta(minutes=15)


@dataclass(slots=True)
class Heard:
    """What the witnesses say: records like those of logs, findings of their own, and notes."""

    records: list[LogRecord] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_witnesses(
    witnesses: Iterable[Witness], pack: Pack, matcher: Matcher, logs: Sequence[LogRecord] = ()
) -> Heard:
    """Read error.json files, kernel logs and nvidia-smi output. Other kinds are passed over.

    Args:
        witnesses: the files, as ``dsdoctor.logs.witness.sorted_out`` parts them from the logs.
        pack: the rules.
        matcher: the same rules, arranged for the scan.
        logs: what was read from the job's logs: its processes, its time, its tracebacks.

    Returns:
        Records to be judged with those of the logs (notes on a file are in its record), findings
        that are context, and further notes.
    """
    heard, job = Heard(), job_traits(logs)
    files = list(witnesses)
    errors = [item.path for item in files if item.kind == "error-json"]
    heard.records += without_copies(_error_files(errors, matcher, job, heard.notes), logs)
    for item in files:
        if item.kind == "kernel":
            told = settled(_kernel(item.path, matcher), job, pack)
            heard.records.append(told.record)
            heard.findings += told.findings
        elif item.kind == "nvidia-smi":
            found, notes = nvidia_smi_findings(item.path, pack, job.pids)
            heard.findings += found
            heard.records.append(replace(_gpu_causes(item.path, matcher, pack), notes=tuple(notes)))
    return heard


def _error_files(
    paths: Sequence[Path], matcher: Matcher, job: JobTraits, notes: list[str]
) -> list[LogRecord]:
    """All error.json files, on the clock of the logs."""
    if len(paths) > MAX_ERROR_FILES:
        notes.append(f"{len(paths)} error.json files; only {MAX_ERROR_FILES} were read")
    paths = paths[:MAX_ERROR_FILES]
    records = [read_error_json(path, matcher) for path in paths]
    times = [record.origin.time for record in records if record.origin.time is not None]
    if not times:
        return records
    zone = clock_of(max(times), job.last)
    if zone is None:
        notes.append(
            "error.json: the times of the logs do not show their zone; "
            "the order between logs and error.json files is not known"
        )
        return [_timeless(record) for record in records]
    return [read_error_json(path, matcher, zone) for path in paths]


def clock_of(latest: datetime, last: datetime | None) -> Zone | None:
    """How to turn the seconds of error.json into the time that the logs print.

    Mostly this machine is in the same zone as the job's. If the logs say otherwise, the shift is
    taken from them: whole quarters of an hour, so that the last error lies at their end.

    Args:
        latest: the last error, in UTC.
        last: the last time in the logs, None if they have none.
    """
    here = latest.replace(tzinfo=timezone.utc).astimezone().utcoffset() or timedelta()
    if last is None or -CLOSE <= last - latest - here <= LATE:
        return _shifted(here)
    shift = round((last - latest) / QUARTER) * QUARTER
    if abs(last - latest - shift) <= CLOSE and abs(shift) <= timedelta(hours=14):
        return _shifted(shift)
    return None


def _shifted(shift: timedelta) -> Callable[[float], datetime]:
    return lambda stamp: utc(stamp) + shift


def _timeless(record: LogRecord) -> LogRecord:
    """The record without times, which would only invent an order."""

    def bare(origin: Origin) -> Origin:
        return replace(origin, time=None)

    return replace(
        record,
        origin=bare(record.origin),
        events=tuple(
            replace(item, writer=bare(item.writer), origin=bare(item.origin))
            for item in record.events
        ),
        tracebacks=tuple(replace(item, origin=bare(item.origin)) for item in record.tracebacks),
        tail=tuple(replace(line, origin=bare(line.origin)) for line in record.tail),
    )


def _kernel(path: Path, matcher: Matcher) -> LogRecord:
    """A kernel log as far as it can be read."""
    reader = KernelReader(matcher, str(path), Origin(host=host_of(path)), _year(path))
    try:
        with open_log(path) as stream:
            return reader.read(stream.read)
    except SourceError as error:
        return reader.record(str(error))
    except codec_errors() as error:
        return reader.record(f"{path}: damaged or cut: {type(error).__name__}: {error}")


def _gpu_causes(path: Path, matcher: Matcher, pack: Pack) -> LogRecord:
    """What the rules know as a cause by itself among nvidia-smi's lines: a GPU that is gone."""
    reader = LogReader(matcher, str(path), Origin(host=host_of(path)), _year(path))
    try:
        with open_log(path) as stream:
            record = reader.read(stream.read, lambda _: None)
    except reading_errors():  # nvidia_smi_findings has said what is wrong
        record = reader.record()
    causes = tuple(event for event in record.events if pack[event.rule].role == "cause")
    return LogRecord(record.name, record.origin, causes, lines=record.lines, bytes=record.bytes)


def _year(path: Path) -> int:
    """The year for times that leave it out: that of the file, or now."""
    try:
        seconds = path.stat().st_mtime
    except OSError:
        return datetime.now(tz=timezone.utc).year
    return datetime.fromtimestamp(seconds, tz=timezone.utc).year
