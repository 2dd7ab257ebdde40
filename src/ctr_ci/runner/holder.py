"""The program of a lane's holder container: it sleeps until it is killed, and does nothing else.

A step that joins the network of a container that is already up starts in a third of the time of
one that needs a network of its own. That container must come from an image that is here (nothing
is pulled for it) and images need not contain `sleep`, or anything; so we bring the program.
"""

from __future__ import annotations

import struct

# The kernel's calls: pause() on x86-64; on arm64, which has none, ppoll(0, 0, 0, 0) waits as well.
CODE = {
    "amd64": (62, bytes.fromhex("b822000000 0f05 ebf7")),  # mov eax,34; syscall; jmp back
    "arm64": (
        183,
        b"".join(
            struct.pack("<I", word)
            for word in (
                0xD2800000,  # mov x0, #0
                0xD2800001,  # mov x1, #0
                0xD2800002,  # mov x2, #0
                0xD2800003,  # mov x3, #0
                0xD2800928,  # mov x8, #73 (ppoll)
                0xD4000001,  # svc #0
                0x17FFFFFA,  # b back to the first
            )
        ),
    ),
}
BASE = 0x400000
HEADERS = 64 + 56


def program(architecture: str) -> bytes | None:
    """An ELF executable for an image's architecture, None where we have none."""
    if architecture not in CODE:
        return None
    machine, code = CODE[architecture]
    size = HEADERS + len(code)
    file_head = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bits, little-endian
        2,  # an executable at fixed addresses
        machine,
        1,
        BASE + HEADERS,  # where it starts
        64,  # the one program header follows
        0,
        0,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x10000)
    return file_head + segment + code
