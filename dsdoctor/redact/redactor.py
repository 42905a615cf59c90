"""Replaces what must not leave the machine; one ``Redactor`` for everything that goes together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from dsdoctor.model import Report
from dsdoctor.redact import addresses, hosts, users
from dsdoctor.redact.names import Names
from dsdoctor.redact.ordinary import is_ordinary_user, is_telling
from dsdoctor.redact.pieces import Pieces
from dsdoctor.redact.private_keys import PrivateKeys
from dsdoctor.redact.report import redacted, texts_of
from dsdoctor.redact.screen import Step, suspects
from dsdoctor.redact.secrets import Secrets
from dsdoctor.redact.spoken import Spoken

_NONE: frozenset[Step] = frozenset()


class Redactor:
    """Takes secrets and identities out of text.

    Secrets become ``<redacted:kind>``, names become ``node-1``, ``user-1``: the same name the
    same everywhere. It never raises, and what it has redacted it leaves alone.

    What was learned before counts: call ``learn`` with all texts first, then redact them, and a
    host or a key that only one line shows to be one is replaced in all the others as well.

    Args:
        host_names: replaced wherever they stand, such as this machine's.
        user_names: the same for accounts.
    """

    def __init__(self, host_names: Iterable[str] = (), user_names: Iterable[str] = ()) -> None:
        self._names = Names()
        self._secrets = Secrets(self._count)
        self._spoken = Spoken()
        self._counts: Counter[str] = Counter()
        self._pieces = Pieces(())
        self._learning = True
        for name in host_names:
            self.host(name)
        for name in user_names:
            if not is_ordinary_user(name.encode()):
                self._user(name.encode())
        self._learning = False

    @property
    def replaced(self) -> dict[str, int]:
        """How often something of each kind was replaced; never what."""
        return dict(sorted(self._counts.items()))

    @property
    def names(self) -> dict[str, int]:
        """How many different hosts, users and addresses got a placeholder."""
        return self._names.counts()

    @property
    def placeholders(self) -> list[str]:
        """The placeholders that were given out."""
        return self._names.placeholders()

    def text(self, text: str) -> str:
        """``text`` without secrets and identities."""
        data = text.encode("utf-8", "surrogatepass")
        self.learn(data)
        done = self._pieces.hide(self.block(data, PrivateKeys()), self._piece)
        return done.decode("utf-8", "surrogatepass")

    line = text

    def value(self, name: str, value: str) -> str:
        """``value``, which is called ``name``: in a table or a mapping."""
        if name.lower() in ("host", "hosts", "hostname", "node", "nodename"):
            return self.host(value)
        if name.lower() in ("user", "username", "logname", "owner"):
            return self.text(f"user={value}").removeprefix("user=")
        head = f"{name}=" if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) else ""
        done = self.text(head + value)
        return done.removeprefix(head) if done.startswith(head) else self.text(value)

    def host(self, name: str) -> str:
        """What stands for a name that is known to be a host's."""
        data = name.encode("utf-8", "surrogatepass")
        if not hosts.NAME.fullmatch(data):
            return self.text(name)
        return hosts.hide_host(data, self._host, sure=True).decode()

    def report(self, report: Report) -> Report:
        """The report with every text in it redacted, consistently.

        Reports cut what they quote; a piece of a key is hidden if the whole was seen anywhere.
        """
        self.learn_report(report)
        self._pieces = Pieces(self._secrets.values)
        return redacted(report, self)

    def learn_report(self, report: Report) -> None:
        """Note the names and keys of a report."""
        for name, text in texts_of(report):
            self._learn_value(name, text)

    def learn(self, data: bytes, keys: PrivateKeys | None = None) -> None:
        """Note the hosts, users and keys of a block of lines; nothing is replaced or counted.

        ``keys`` goes from one block of a file to the next.
        """
        self._learning = True
        try:
            self._walk(data, PrivateKeys() if keys is None else keys)
        finally:
            self._learning = False

    def block(self, data: bytes, keys: PrivateKeys) -> bytes:
        """A block of whole lines, redacted; ``keys`` goes from one block of a file to the next."""
        self._spoken.update([*self._names.spoken, *self._secrets.values])
        return self._walk(data, keys)

    def _learn_value(self, name: str, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        if name not in ("host", "hosts") or not hosts.NAME.fullmatch(data):
            self.learn(f"{name}={text}".encode("utf-8", "surrogatepass") if name else data)
            return
        self._learning = True
        self.host(text)
        self._learning = False

    def _walk(self, block: bytes, keys: PrivateKeys) -> bytes:
        """Copy the block, looking only at lines that may hold something."""
        out: list[bytes] = []
        position = 0
        for start, steps in self._suspects(block).items():
            self._between(block, position, start, keys, out)
            end = block.find(b"\n", start)
            position = len(block) if end < 0 else end
            out.append(self._line(block[start:position], steps, keys))
        self._between(block, position, len(block), keys, out)
        return b"".join(out)

    def _suspects(self, block: bytes) -> dict[int, set[Step]]:
        """Where to look: at lines with anchors, and at those with a name that is known."""
        found = suspects(block)
        if self._learning:
            return found
        known = len(found)
        for start, _ in self._spoken.places(block.lower()):
            found.setdefault(block.rfind(b"\n", 0, start) + 1, set()).add(("spoken", 0))
        return found if len(found) == known else dict(sorted(found.items()))

    def _between(
        self, block: bytes, position: int, stop: int, keys: PrivateKeys, out: list[bytes]
    ) -> None:
        """Copy lines without suspicion; inside of a private key every line is suspect."""
        while keys.left and position < stop:
            end = block.find(b"\n", position, stop)
            end = stop if end < 0 else end + 1
            out.append(
                keys.line(block[position:end]) if end - position > 1 else block[position:end]
            )
            position = end
        self._secrets.remember("private-key", keys.rows)
        keys.rows.clear()
        out.append(block[position:stop])

    def _line(self, line: bytes, steps: set[Step], keys: PrivateKeys) -> bytes:
        """One line through every step that it needs, secrets first."""
        if keys.left or ("private-key", 0) in steps:
            before = keys.found
            line = keys.line(line)
            self._secrets.remember("private-key", keys.rows)
            keys.rows.clear()
            for _ in range(keys.found - before):
                self._count("private-key")
        line = self._secrets.hide(line, steps)
        line = self._identities(line, steps)
        if ("spoken", 0) in steps:
            line = self._spoken.hide(line, self._known)
        return self._secrets.hide_random(line) if ("random", 0) in steps else line

    def _identities(self, line: bytes, steps: set[Step]) -> bytes:
        """Names and addresses."""
        wanted = {name for name, _ in steps}
        if "reserved" in wanted and self._learning:
            self._names.reserve(line)
        if "email" in wanted:
            line = addresses.hide_emails(line, self._name)
        if "ssh" in wanted and b"@" in line:
            line = hosts.hide_ssh(line, self._account, self._host)
        if "host" in wanted or "world" in wanted:
            line = hosts.hide_hosts(line, {i for name, i in steps if name == "host"}, self._host)
        if "domain" in wanted:
            line = hosts.hide_domains(line, self._host)
        if "home" in wanted:
            line = users.hide_users(line, self._user, paths=True)
        if "user" in wanted:
            line = users.hide_users(line, self._user, paths=False)
        if "ipv4" in wanted:
            line = addresses.hide_ipv4(line, self._name)
        if "ipv6" in wanted:
            line = addresses.hide_ipv6(line, self._name)
        return addresses.hide_gpus(line, self._name) if "gpu" in wanted else line

    def _piece(self, secret: bytes) -> bytes:
        return self._secrets.mark(self._secrets.values[secret], secret)

    def _known(self, word: bytes) -> bytes | None:
        """What stands for a word that was learned; keys are told apart by case, names are not."""
        if (kind := self._secrets.values.get(word)) is not None:
            return self._secrets.mark(kind, word)
        named = self._names.spoken.get(word.lower())
        return None if named is None else self._name(named, word)

    def _host(self, name: bytes, sure: bool) -> bytes:
        """A host goes by its first label: the long and the short name are the same machine."""
        short = name.split(b".", 1)[0]
        if is_telling(short) and (sure or any(48 <= char < 58 for char in short)):
            self._names.speak("host", short)
        return name if self._learning else self._name("host", short)

    def _account(self, name: bytes) -> bytes:
        return name if is_ordinary_user(name) else self._user(name)

    def _user(self, name: bytes) -> bytes:
        if is_telling(name):
            self._names.speak("user", name)
        return self._name("user", name)

    def _name(self, kind: str, name: bytes) -> bytes:
        if self._learning:
            return name
        self._count(kind)
        return self._names.placeholder(kind, name)

    def _count(self, kind: str) -> None:
        if not self._learning:
            self._counts[kind] += 1
