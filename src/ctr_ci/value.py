"""`@value`: a frozen, slotted record that costs next to nothing to import.

The linter's cold start has a budget of a few milliseconds, and `dataclasses` alone takes ten (it
imports `inspect`), then most of a millisecond a class. So the rooms that `ctr-ci lint` imports
declare their records with `@value`; the type checker reads it as a frozen dataclass
(PEP 681). Rooms off that path use `dataclasses`. No inheritance between records, no factories:
defaults are immutable values.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")

    @dataclass_transform(frozen_default=True)
    def value(cls: type[T]) -> type[T]: ...

    def replace(record: T, /, **changes: Any) -> T:
        """A copy of `record` with some fields changed. Raises TypeError on an unknown field."""

    def fields(record: object) -> tuple[str, ...]:
        """The field names of a record or of its class, in order."""
else:
    _set = object.__setattr__

    # `__init__` of one to sixteen fields. Compiling one a class is most of what a class costs at import,
    # so a class takes the code of its number of fields and puts its own names into it.
    def _init1(self, a0):
        _set(self, "a0", a0)

    def _init2(self, a0, a1):
        _set(self, "a0", a0)
        _set(self, "a1", a1)

    def _init3(self, a0, a1, a2):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)

    def _init4(self, a0, a1, a2, a3):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)

    def _init5(self, a0, a1, a2, a3, a4):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)

    def _init6(self, a0, a1, a2, a3, a4, a5):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)

    def _init7(self, a0, a1, a2, a3, a4, a5, a6):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)

    def _init8(self, a0, a1, a2, a3, a4, a5, a6, a7):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)

    def _init9(self, a0, a1, a2, a3, a4, a5, a6, a7, a8):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)

    def _init10(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)

    def _init11(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)

    def _init12(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)
        _set(self, "a11", a11)

    def _init13(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)
        _set(self, "a11", a11)
        _set(self, "a12", a12)

    def _init14(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)
        _set(self, "a11", a11)
        _set(self, "a12", a12)
        _set(self, "a13", a13)

    def _init15(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)
        _set(self, "a11", a11)
        _set(self, "a12", a12)
        _set(self, "a13", a13)
        _set(self, "a14", a14)

    def _init16(self, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15):
        _set(self, "a0", a0)
        _set(self, "a1", a1)
        _set(self, "a2", a2)
        _set(self, "a3", a3)
        _set(self, "a4", a4)
        _set(self, "a5", a5)
        _set(self, "a6", a6)
        _set(self, "a7", a7)
        _set(self, "a8", a8)
        _set(self, "a9", a9)
        _set(self, "a10", a10)
        _set(self, "a11", a11)
        _set(self, "a12", a12)
        _set(self, "a13", a13)
        _set(self, "a14", a14)
        _set(self, "a15", a15)

    _CODES = {
        1: _init1.__code__,
        2: _init2.__code__,
        3: _init3.__code__,
        4: _init4.__code__,
        5: _init5.__code__,
        6: _init6.__code__,
        7: _init7.__code__,
        8: _init8.__code__,
        9: _init9.__code__,
        10: _init10.__code__,
        11: _init11.__code__,
        12: _init12.__code__,
        13: _init13.__code__,
        14: _init14.__code__,
        15: _init15.__code__,
        16: _init16.__code__,
    }
    _Function = type(_init1)

    def _init(names, defaults):
        if tuple(defaults) != names[len(names) - len(defaults) :]:
            raise TypeError("a field without a default follows one with a default")
        code = _CODES.get(len(names))
        if code is None:
            return _compiled(names, defaults)
        own = dict(zip(code.co_varnames[1:], names, strict=True))
        made = code.replace(
            co_name="__init__",
            co_varnames=("self", *names),
            co_consts=tuple(
                [own.get(const, const) if type(const) is str else const for const in code.co_consts]
            ),
        )
        return _Function(
            made, {"_set": _set}, "__init__", tuple([defaults[n] for n in names if n in defaults]) or None
        )

    def _compiled(names, defaults):
        parameters = ", ".join(f"{n}=_defaults[{n!r}]" if n in defaults else n for n in names)
        body = "".join(f"\n _set(self, {n!r}, {n})" for n in names)
        made = {"_set": _set, "_defaults": defaults}
        exec(f"def __init__(self, {parameters}):{body or ' pass'}", made)  # noqa: S102  our own field names
        return made["__init__"]

    def _astuple(self):
        return tuple([getattr(self, name) for name in self.__match_args__])

    def _eq(self, other):
        return _astuple(self) == _astuple(other) if type(other) is type(self) else NotImplemented

    def _hash(self):
        return hash(_astuple(self))

    def _repr(self):
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__match_args__])
        return f"{type(self).__qualname__}({shown})"

    def _reduce(self):
        return type(self), _astuple(self)

    def _frozen(self, name, *_):
        raise AttributeError(f"{type(self).__qualname__} is frozen: cannot change {name!r}")

    def value(cls):
        given = cls.__dict__
        names = tuple(given.get("__annotations__", ()))
        defaults = {name: given[name] for name in names if name in given}
        members = {k: v for k, v in given.items() if k not in defaults}
        members.pop("__dict__", None)
        members.pop("__weakref__", None)
        members["__slots__"] = names
        members["__match_args__"] = names
        members["__init__"] = _init(names, defaults)
        members["__setattr__"] = members["__delattr__"] = _frozen
        members["__reduce__"] = _reduce
        if "__eq__" not in given:
            members["__eq__"] = _eq
        if given.get("__hash__") is None:
            members["__hash__"] = _hash
        if "__repr__" not in given:
            members["__repr__"] = _repr
        return type(cls)(cls.__name__, cls.__bases__, members)

    def fields(record):
        return record.__match_args__

    def replace(record, /, **changes):
        kept = {name: getattr(record, name) for name in record.__match_args__}
        return type(record)(**(kept | changes))
