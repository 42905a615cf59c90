"""Which file system a path is on, from /proc/mounts."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from dsdoctor.probes.clients.host import Host

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "lustre", "gpfs", "beegfs", "ceph", "cifs", "smb3", "smbfs", "9p", "afs"),
        *("glusterfs", "fuse.glusterfs", "fuse.ceph", "fuse.sshfs", "fuse.juicefs", "wekafs"),
        *("panfs", "orangefs", "pvfs2", "fuse.gcsfuse", "fuse.s3fs", "fuse.mountpoint-s3", "fuse"),
        *("fuse.blobfuse", "fuse.blobfuse2", "virtiofs", "dvs", "quobyte", "fuse.quobyte"),
    }
)
MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: ``device`` at ``point``."""

    device: str
    point: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def network(self) -> bool:
        """Do other hosts see it too?"""
        return self.kind in NETWORK

    @property
    def memory(self) -> bool:
        """Is it RAM?"""
        return self.kind in MEMORY


def mount_of(host: Host, path: str) -> Mount | None:
    """The file system that holds ``path``, or that will when it is created."""
    place = existing(host, path)
    rest = posixpath.relpath(posixpath.normpath(path), place)
    wanted = posixpath.normpath(posixpath.join(host.link(place) or place, rest))
    best: Mount | None = None
    for line in (host.read("/proc/mounts") or "").splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        options = tuple(fields[3].split(",")) if len(fields) > 3 else ()
        mount = Mount(fields[0], _plain(fields[1]), fields[2], options)
        if _below(wanted, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def existing(host: Host, path: str) -> str:
    """The nearest folder on the way to ``path`` that is there."""
    place = posixpath.normpath(path)
    while place != "/" and not host.is_dir(place):
        place = posixpath.dirname(place)
    return place


def _below(path: str, point: str) -> bool:
    return point == "/" or path == point or path.startswith(point + "/")


def _plain(text: str) -> str:
    """Blanks in mount points are written as octal numbers."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), text)
