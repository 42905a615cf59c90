"""Asks judges, several at a time; one that dies or hangs is replaced, its question reported."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0
"""Seconds to wait for one answer, or for a judge to start."""

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What DeepSpeed did. ``stage`` is empty if nothing stopped it.

    Else it is "arguments" (the Trainer's), "config", "initialize" or "step", or "lost" if the judge
    died or hung.
    """

    stage: str = ""
    exception: str = ""
    message: str = ""
    ignored: bool = False

    @property
    def raised(self) -> bool:
        """DeepSpeed stopped the job."""
        return bool(self.stage) and self.stage != "lost"

    @property
    def lost(self) -> bool:
        """Nobody knows."""
        return self.stage == "lost"


LOST = Answer("lost", "Lost", "the judge died or hung")


class Judge:
    """One process with DeepSpeed in it."""

    def __init__(self, python: str, *options: str) -> None:
        self.command = [python, "-m", "tests.differential.judge", *options]
        self.versions: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._pump, args=(self.process, self.lines), daemon=True).start()
        self.versions = json.loads(self._line() or "{}")
        if not self.versions:
            raise RuntimeError(f"no judge: {' '.join(self.command)}")

    @staticmethod
    def _pump(process: subprocess.Popen[str], lines: queue.SimpleQueue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def _line(self) -> str:
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            return ""

    def ask(self, question: Question) -> Answer:
        """One answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"id": 0, **question}) + "\n")
            self.process.stdin.flush()
            line = self._line()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            self._start()
            return LOST
        found = json.loads(line)
        return Answer(**{name: found[name] for name in found if name != "id"})

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Bench:
    """Several judges that share the questions."""

    def __init__(self, python: str = sys.executable, count: int = 2, *options: str) -> None:
        self.judges = [Judge(python, *options) for _ in range(count)]

    @property
    def versions(self) -> dict[str, str]:
        """Of DeepSpeed and torch."""
        return self.judges[0].versions

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """All answers, in order."""
        waiting = list(enumerate(questions))
        answers: list[Answer] = [LOST] * len(waiting)
        share = iter(waiting)
        lock = threading.Lock()

        def work(judge: Judge) -> None:
            for index, question in _taken(share, lock):
                answers[index] = judge.ask(question)

        workers = [threading.Thread(target=work, args=(judge,)) for judge in self.judges]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return answers

    def close(self) -> None:
        """End all."""
        for judge in self.judges:
            judge.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _taken(
    share: Iterator[tuple[int, Question]], lock: threading.Lock
) -> Iterator[tuple[int, Question]]:
    """Questions until there are none, each given to one judge."""
    while True:
        with lock:
            taken = next(share, None)
        if taken is None:
            return
        yield taken
