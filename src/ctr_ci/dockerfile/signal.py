"""The signals that STOPSIGNAL takes (moby/sys/signal, Linux)."""

from __future__ import annotations

_NAMES = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP "
    "SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
SIGNALS = frozenset(_NAMES.split())


def is_signal(text: str) -> bool:
    """Whether BuildKit takes it: a number other than 0, or a name with or without SIG."""
    number = text[1:] if text[:1] in ("-", "+") else text
    if number.isdecimal() and number.isascii():
        return int(number) != 0
    name = text.upper().removeprefix("SIG")
    if name.startswith("RTMIN+"):
        return name[6:].isdecimal() and str(int(name[6:])) == name[6:] and 1 <= int(name[6:]) <= 15
    if name.startswith("RTMAX-"):
        return name[6:].isdecimal() and str(int(name[6:])) == name[6:] and 1 <= int(name[6:]) <= 14
    return name in SIGNALS
