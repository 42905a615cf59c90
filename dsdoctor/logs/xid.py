"""What NVIDIA's Xid numbers mean, in a few words each.

The numbers are those of NVIDIA's table "Xid Errors" for data-centre GPUs; the words are ours.
"""

from __future__ import annotations

_MEANINGS: dict[int, str] = {
    8: "a GPU channel made no progress in time",
    13: "a kernel ran into an exception, often an address out of range",
    16: "the display engine hung",
    31: "a kernel touched memory that is not mapped",
    32: "the GPU got a corrupted command stream",
    38: "the driver's firmware reported an error",
    43: "the GPU stopped the work of a process that had failed",
    44: "a fault while the GPU switched contexts",
    45: "the driver removed the work of a process that had ended",
    48: "a memory error of two bits that ECC cannot correct",
    54: "the auxiliary power is not connected",
    56: "the display engine failed",
    61: "the GPU's internal processor stopped at a breakpoint",
    62: "the GPU's internal processor halted",
    63: "a faulty memory page or row was taken out of use",
    64: "a faulty memory page or row could not be taken out of use",
    68: "the video decoder failed",
    69: "a graphics engine class error, mostly a kernel's fault",
    74: "an NVLink connection failed",
    79: "the GPU has fallen off the bus",
    92: "many memory errors of one bit: the memory wears out",
    94: "a memory error, contained in the process that met it",
    95: "a memory error that was not contained: every process on the GPU is hit",
    109: "the GPU did not switch contexts in time",
    110: "the driver found its own security state damaged",
    119: "the GPU's system processor (GSP) does not answer",
    120: "the GPU's system processor (GSP) stopped with an error",
    121: "the chip-to-chip link reported errors",
    122: "the GPU's power controller could not read its flash memory",
    123: "the GPU's power controller could not write its flash memory",
    136: "an NVLink connection did not come up",
    137: "an access over NVLink failed at the other GPU",
    140: "an ECC error that could not be recovered",
    143: "the GPU did not initialise",
    144: "NVLink reported an error",
    145: "NVLink reported an error of a remote link",
    146: "NVLink reported an error of its transport layer",
    147: "NVLink reported an error of its crossbar",
    148: "NVLink's port controller reported an error",
    149: "an NVLink connection failed at its physical end",
    150: "NVLink's own processor reported an error",
    154: "the driver asks for a recovery: reset of the GPU or reboot of the node",
    155: "software on the node defined a fault of NVLink",
    156: "a faulty part of the GPU was taken out of use",
    157: "a faulty part of the GPU could not be taken out of use",
    158: "the GPU ran into a fatal timeout",
    160: "a memory channel was taken out of use",
    161: "a memory channel could not be repaired",
}


def xid_meaning(number: str) -> str:
    """What Xid ``number`` stands for; empty if it is not in the table."""
    return _MEANINGS.get(int(number), "") if number.isdecimal() and len(number) < 5 else ""
