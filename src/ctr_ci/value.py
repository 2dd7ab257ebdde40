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

    def replace(record: T, **changes: Any) -> T:
        """A copy of `record` with some fields changed. Raises TypeError on an unknown field."""

    def fields(record: object) -> tuple[str, ...]:
        """The field names of a record or of its class, in order."""
else:
    _set = object.__setattr__

    def value(cls):
        names = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063  inspect is what we avoid
        defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        parameters = ", ".join(f"{n}=_defaults[{n!r}]" if n in defaults else n for n in names)
        body = "".join(f"\n _set(self, {n!r}, {n})" for n in names)
        made = {"_set": _set, "_defaults": defaults}
        exec(f"def __init__(self, {parameters}):{body or ' pass'}", made)  # noqa: S102  our own field names

        def astuple(self):
            return tuple([getattr(self, name) for name in names])

        def __eq__(self, other):
            return astuple(self) == astuple(other) if type(other) is type(self) else NotImplemented

        def __hash__(self):
            return hash(astuple(self))

        def __repr__(self):
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({shown})"

        def __reduce__(self):
            return type(self), astuple(self)

        def frozen(self, name, *_):
            raise AttributeError(f"{type(self).__qualname__} is frozen: cannot change {name!r}")

        members = {k: v for k, v in cls.__dict__.items() if k not in defaults}
        members.pop("__dict__", None)
        members.pop("__weakref__", None)
        members |= {"__slots__": names, "__match_args__": names, "__init__": made["__init__"]}
        members |= {"__setattr__": frozen, "__delattr__": frozen, "__reduce__": __reduce__}
        for method in (__eq__, __hash__, __repr__):
            if cls.__dict__.get(method.__name__) is None:
                members[method.__name__] = method
        return type(cls)(cls.__name__, cls.__bases__, members)

    def fields(record):
        return record.__match_args__

    def replace(record, **changes):
        kept = {name: getattr(record, name) for name in record.__match_args__}
        return type(record)(**(kept | changes))
