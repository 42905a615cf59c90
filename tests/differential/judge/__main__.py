"""Answers questions, one JSON line each."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any, TextIO

from tests.differential.judge import hf, proving, reading, training, watching
from tests.differential.judge.apart import apart
from tests.differential.judge.machine import pretend


def judge(question: dict[str, Any]) -> dict[str, Any]:
    """The failure that DeepSpeed ends with; empty if it trains, or reads if no more is asked."""
    world = question["world"]
    found = reading.read(question["text"], world)
    if not isinstance(found, reading.Reading):
        return found
    return apart(lambda: training.train(found, world)) if question.get("train") else {}


def ignored(question: dict[str, Any]) -> dict[str, Any]:
    """Is what stands at ``key`` without any influence, or read by nobody?"""
    text, world, key = question["text"], question["world"], question["key"]
    if question.get("filled"):
        text = reading.without_auto(text, key)
    found = reading.read(text, world)
    if not isinstance(found, reading.Reading) or not (way := reading.find(found.data, key)):
        return {"ignored": False}
    proofs = (
        lambda: reading.ignores(found, world, way),
        lambda: watching.unread(found, world, way),
        lambda: proving.idle(found, way),
    )
    return {"ignored": any(proof() for proof in proofs)}


def trainer(question: dict[str, Any]) -> dict[str, Any]:
    """The failure that the Hugging Face Trainer ends with."""
    hf.import_early()
    return apart(
        lambda: hf.train(question["text"], question["world"], question["arguments"]),
    )


ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "judge": judge,
    "ignored": ignored,
    "trainer": trainer,
}


def own_output() -> TextIO:
    """Standard output for answers alone; what the libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def main() -> None:
    """Answer until the questions end."""
    answers = own_output()
    versions = pretend(native="--native" in sys.argv[1:])
    answers.write(json.dumps(versions) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # monitors, profilers and swap files write to relative paths
        for line in sys.stdin:
            question = json.loads(line)
            answer = ANSWERS[question["op"]](question)
            answers.write(json.dumps({"id": question["id"], **answer}) + "\n")


if __name__ == "__main__":
    main()
