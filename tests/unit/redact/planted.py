"""Secrets made up from their issuers' formats, planted into lines of real logs.

Nothing here is a key of anybody: every value comes from a seeded generator, and the prefixes are
put together at run time, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URL = ALNUM + "-_"
B64 = ALNUM + "+/"


@dataclass(frozen=True, slots=True)
class Plant:
    """One secret, the line that carries it, and what must not be found afterwards."""

    kind: str
    secret: str
    line: str


def _run(rng: random.Random, alphabet: str, length: int) -> str:
    """Random characters of which some are digits and some are letters of both cases."""
    while True:
        text = "".join(rng.choices(alphabet, k=length))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return text


def _jwt(rng: random.Random) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head = part({"alg": "RS256", "kid": _run(rng, URL, 12)})
    return f"{head}.{part({'sub': _run(rng, HEX, 16), 'exp': 1})}.{_run(rng, URL, 86)}"


def _neptune(rng: random.Random) -> str:
    value = {"api_address": "https://app.neptune.ai", "api_key": _run(rng, HEX, 32)}
    return base64.b64encode(json.dumps(value).encode()).decode()


def _uuid(rng: random.Random) -> str:
    return "-".join(_run(rng, HEX, size) for size in (8, 4, 4, 4, 12))


Make = Callable[[random.Random], str]

# by their own shape: planted in every carrier
SHAPED: dict[str, Make] = {
    "huggingface": lambda r: "hf" + "_" + _run(r, ALNUM, 34),
    "wandb-v1": lambda r: "wandb" + "_v1_" + _run(r, ALNUM, 40),
    "openai": lambda r: "sk" + "-proj-" + _run(r, URL, 74),
    "openai-old": lambda r: "sk" + "-" + _run(r, ALNUM, 48),
    "anthropic": lambda r: "sk-" + "ant-api03-" + _run(r, URL, 93),
    "aws-id": lambda r: "AK" + "IA" + _run(r, string.ascii_uppercase + "234567", 16),
    "github": lambda r: "gh" + r.choice("pousr") + "_" + _run(r, ALNUM, 36),
    "github-pat": lambda r: "github" + "_pat_" + _run(r, ALNUM, 22) + "_" + _run(r, ALNUM, 59),
    "gitlab": lambda r: "gl" + "pat-" + _run(r, ALNUM, 20),
    "google": lambda r: "AI" + "za" + _run(r, URL, 35),
    "google-oauth": lambda r: "ya" + "29." + _run(r, URL, 60),
    "azure-client": lambda r: _run(r, ALNUM, 3) + "8Q" + "~" + _run(r, ALNUM, 34),
    "slack": lambda r: "xo" + "xb-" + _run(r, string.digits + "a", 12) + "-" + _run(r, ALNUM, 24),
    "stripe": lambda r: "sk" + "_live_" + _run(r, ALNUM, 24),
    "npm": lambda r: "np" + "m_" + _run(r, ALNUM, 36),
    "pypi": lambda r: "py" + "pi-AgEIcHlwaS5vcmc" + _run(r, URL, 120),
    "docker": lambda r: "dckr" + "_pat_" + _run(r, URL, 27),
    "jwt": _jwt,
    "neptune": _neptune,
    "databricks": lambda r: "da" + "pi" + _run(r, HEX, 32),
    "sendgrid": lambda r: "S" + "G." + _run(r, URL, 22) + "." + _run(r, URL, 43),
    "vault": lambda r: "hv" + "s." + _run(r, ALNUM, 24),
    "nvidia": lambda r: "nv" + "api-" + _run(r, URL, 64),
    "telegram": lambda r: "".join(r.choices("123456789", k=9)) + ":A" + "A" + _run(r, URL, 33),
}

# by name only: planted as variables, YAML, JSON, command lines
NAMED: dict[str, tuple[str, Make]] = {
    "wandb": ("WANDB_API_KEY", lambda r: _run(r, HEX, 40)),
    "aws-secret": ("AWS_SECRET_ACCESS_KEY", lambda r: _run(r, B64, 40)),
    "aws-session": ("AWS_SESSION_TOKEN", lambda r: _run(r, B64, 200)),
    "azure-storage": ("AZURE_STORAGE_ACCOUNT_KEY", lambda r: _run(r, B64, 86) + "=="),
    "comet": ("COMET_API_KEY", lambda r: _run(r, ALNUM, 25)),
    "clearml": ("CLEARML_API_SECRET_KEY", lambda r: _run(r, ALNUM, 50)),
    "kubernetes": ("KUBE_TOKEN", lambda r: _run(r, HEX, 6) + "." + _run(r, HEX, 16)),
    "password": ("DB_PASSWORD", lambda r: _run(r, ALNUM + "!%*", 12)),
    "secret": ("APP_SECRET", lambda r: _run(r, ALNUM, 16)),
    "service-token": ("MLFLOW_TRACKING_TOKEN", lambda r: _run(r, ALNUM, 24)),
    "license": ("GUROBI_LICENSE_KEY_ID_KEY", lambda r: _run(r, ALNUM, 32)),
    "entropy": ("MYSTERY", lambda r: "aQ7" + _run(r, ALNUM, 40) + "zX9"),
    "private-key-id": ("private_key_id", lambda r: _run(r, HEX, 40)),
    "docker-registry": ("registry_password", lambda r: _run(r, ALNUM, 20)),
    "uuid-key": ("HEROKU_API_KEY", _uuid),
}

SHAPED_CARRIERS = (
    "{line} {secret}",
    "{line} token is {secret}, retrying",
    "{line} https://host.example.com/api?key={secret}&page=2",
    "GET /v1/models?access_token={secret} HTTP/1.1",
    "EXPORTED_VALUE={secret}",
    '{{"level": "info", "credential": "{secret}", "line": 3}}',
    "    headers={{'X-Custom': '{secret}'}}",
    "ValueError: Invalid user token: {secret}",
    '[rank3]:   File "/opt/x/{secret}/client.py", line 3, in login',
    "\\x1b[31m{secret}\\x1b[0m",
)
NAMED_CARRIERS = (
    "{name}={secret}",
    "export {name}='{secret}'",
    "{line} {name}={secret} python train.py",
    '  "{name}": "{secret}",',
    "{name}: {secret}",
    "environ({{'PATH': '/bin', '{name}': '{secret}', 'HOME': '/root'}})",
    '{line} {{\\"{name}\\": \\"{secret}\\"}}',
    "Namespace(lr=0.1, {lower}='{secret}', seed=1)",
    "[rank0]:     run(env=dict({name}='{secret}'))",
    "-e {name}={secret} image:latest",
)
CONTEXTS: dict[str, tuple[str, Make]] = {
    "bearer": ("{line} Authorization: Bearer {secret}", lambda r: _run(r, URL, 40)),
    "bearer-json": ("{{'authorization': 'Bearer {secret}'}}", lambda r: _run(r, URL, 40)),
    "basic-auth": (
        "> Authorization: Basic {secret}",
        lambda r: base64.b64encode(f"ann:{_run(r, ALNUM, 15)}".encode()).decode(),
    ),
    "url-credentials": (
        "{line} cloning https://ann:{secret}@git.corp.net/x.git",
        lambda r: _run(r, ALNUM, 14),
    ),
    "database-url": (
        "DSN postgresql://svc:{secret}@db-3.corp.local:5432/x",
        lambda r: _run(r, ALNUM, 14),
    ),
    "cookie": ("Cookie: session={secret}; theme=dark", lambda r: _run(r, ALNUM, 32)),
    "set-cookie": ("< Set-Cookie: sid={secret}; Path=/", lambda r: _run(r, ALNUM, 32)),
    "netrc": ("machine api.wandb.ai login user password {secret}", lambda r: _run(r, HEX, 40)),
    "wandb-line": ("wandb: Appending key {secret} to netrc", lambda r: _run(r, HEX, 40)),
    "argument": ("{line} train.py --api-key {secret} --lr 1e-4", lambda r: _run(r, ALNUM, 32)),
    "argument-list": (
        "Command '['x', '--hub_token', '{secret}']' failed",
        lambda r: _run(r, ALNUM, 32),
    ),
    "azure-sas": (
        "https://a.blob.core.windows.net/c?sv=1&sig={secret}",
        lambda r: _run(r, ALNUM, 44),
    ),
    "azure-connection": (
        "AccountName=x;AccountKey={secret};Suffix=y",
        lambda r: _run(r, B64, 86) + "==",
    ),
    "aws-presigned": ("GET https://b/x?X-Amz-Signature={secret}&y=1", lambda r: _run(r, HEX, 64)),
    "slack-hook": (
        "POST https://hooks.slack.com/services/{secret}",
        lambda r: "T0" + _run(r, ALNUM, 8) + "/B0" + _run(r, ALNUM, 30),
    ),
    "docker-auth": ('{{"auths": {{"x": {{"auth": "{secret}"}}}}}}', lambda r: _run(r, ALNUM, 32)),
    "ssh-key": ("ssh-ed25519 {secret} ann@laptop", lambda r: "AAAAC3NzaC1lZDI1" + _run(r, B64, 52)),
    "private-key": (
        "-----BEGIN " + "PRIVATE KEY-----\\n{secret}\\n-----END " + "PRIVATE KEY-----",
        lambda r: _run(r, B64, 64),
    ),
    "private-key-lines": (
        "[rank0]: -----BEGIN " + "RSA PRIVATE KEY-----\n[rank0]: {secret}\n"
        "[rank0]: -----END " + "RSA PRIVATE KEY-----",
        lambda r: _run(r, B64, 64),
    ),
}


def carriers() -> list[str]:
    """Lines of the failed jobs among the fixtures."""
    lines: list[str] = []
    for path in sorted(ROOT.glob("fixtures/cases/*/job.log")):
        text = path.read_text("utf-8", "replace")
        lines += [line for line in text.split("\n") if line.strip() and len(line) < 400]
    return lines


def plants(seed: int = 7) -> Iterator[Plant]:
    """Every kind in every form."""
    rng = random.Random(seed)  # noqa: S311 - made up, not kept secret
    lines = carriers()
    for kind, make in SHAPED.items():
        for form in SHAPED_CARRIERS:
            secret = make(rng)
            yield Plant(kind, secret, _line(form, rng, lines, secret))
    for kind, (name, make) in NAMED.items():
        for form in NAMED_CARRIERS:
            secret = make(rng)
            yield Plant(kind, secret, _line(form, rng, lines, secret, name))
    for kind, (form, make) in CONTEXTS.items():
        for _ in range(4):
            secret = make(rng)
            yield Plant(kind, secret, _line(form, rng, lines, secret))


def _line(form: str, rng: random.Random, lines: list[str], secret: str, name: str = "") -> str:
    line = rng.choice(lines).rstrip()
    text = form.replace("\\x1b", "\x1b")
    return text.format(line=line, secret=secret, name=name, lower=name.lower())


def planted_log(found: list[Plant], seed: int = 7) -> str:
    """The plants between ordinary lines."""
    rng = random.Random(seed)  # noqa: S311 - made up, not kept secret
    lines = carriers()
    return "\n".join(f"{rng.choice(lines)}\n{plant.line}" for plant in found) + "\n"


def leaks(found: list[Plant], text: str) -> list[Plant]:
    """The plants of which a part of eight characters and more is still there."""
    return [plant for plant in found if any(piece in text for piece in _pieces(plant.secret))]


def _pieces(secret: str) -> Iterator[str]:
    """The secret, its first half, its last half: a cut one is a leak as well."""
    half = max(8, len(secret) // 2)
    yield from {secret, secret[:half], secret[-half:]}
