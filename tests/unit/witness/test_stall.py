"""When a job counts as stalled."""

from __future__ import annotations

from dsdoctor.witness.stall import Stall


class Job:
    """A job in a world whose clock we move."""

    def __init__(self, limit: float = 100) -> None:
        self.time = 0.0
        self.works = False
        self.asked = 0
        self.printed = 0
        self.stall = Stall(limit, self.busy, lambda: self.time)

    def busy(self) -> bool:
        """Counts how often it is asked."""
        self.asked += 1
        return self.works

    def passes(self, seconds: int, *, paused: bool = False) -> list[float]:
        """The times at which a stall began."""
        found = []
        for _ in range(seconds):
            self.time += 1
            if self.stall.begins(self.printed, paused=paused):
                found.append(self.time)
        return found


def test_silence_and_idleness_are_a_stall_told_once() -> None:
    job = Job()
    (when,) = job.passes(1000)
    assert 100 <= when <= 106


def test_a_job_that_prints_is_never_asked() -> None:
    """That costs it nothing."""
    job = Job()
    for _ in range(20):
        job.printed += 1
        assert job.passes(49) == []
    assert job.asked == 0


def test_silent_work_is_no_stall_and_seldom_looked_at() -> None:
    job = Job()
    job.works = True
    assert job.passes(1000) == []
    assert 0 < job.asked <= 20


def test_the_time_counts_from_the_last_sign_of_life() -> None:
    job = Job()
    job.works = True
    job.passes(300)
    job.works = False
    (when,) = job.passes(300)
    assert 340 <= when <= 410


def test_a_second_stall_is_told_again() -> None:
    job = Job()
    assert len(job.passes(200)) == 1
    job.printed = 5
    assert len(job.passes(200)) == 1


def test_a_job_that_somebody_stopped_does_not_stall() -> None:
    job = Job()
    assert job.passes(500, paused=True) == []
    assert job.passes(99) == []
