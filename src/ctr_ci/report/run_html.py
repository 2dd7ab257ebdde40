"""A run as one HTML page that needs nothing else: timeline, steps with their output, gates, images,
what was pushed. Pure; no script; everything that a step printed or named is text and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from ctr_ci.events import Event, StepOutput
from ctr_ci.record import Record, StepRecord
from ctr_ci.report.live import clean, span
from ctr_ci.report.log import short

TAIL = 256 * 1024  # bytes of each step's output on the page
GOOD = ("SUCCESS", "passed")

STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--bad:#cf222e;--soft:#6e7781;--line:#d0d7de80;--held:#bf8700}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid var(--line);vertical-align:top}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;max-height:30rem;padding:.6rem;border:1px solid var(--line)}
.soft{color:var(--soft)}.ok{color:var(--ok)}.bad{color:var(--bad)}.held{color:var(--held)}
.track{position:relative;height:1.1rem;background:var(--line);border-radius:3px;min-width:12rem}
.bar{position:absolute;top:0;bottom:0;min-width:3px;border-radius:3px;background:var(--ok)}
.bar.bad{background:var(--bad)}.bar.held{background:var(--held)}.wide{width:45%}
"""


def run_html(record: Record, events: Iterable[Event] = ()) -> str:
    """The page of a record; `events` add the steps' output."""
    outputs = _outputs(events)
    parts = [
        *_head(record),
        *_steps(record),
        *_gates(record),
        *_images(record),
        *_facts(record),
        *_logs(record, outputs),
    ]
    title = escape(f"build {record.build_id}: {record.status}")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _outputs(events: Iterable[Event]) -> dict[int, tuple[bytes, int]]:
    """The end of each step's output, and how many bytes of it came before."""
    kept: dict[int, tuple[bytes, int]] = {}
    for event in events:
        if isinstance(event, StepOutput):
            tail, before = kept.get(event.step, (b"", 0))
            whole = tail + event.data
            kept[event.step] = (whole[-TAIL:], before + max(len(whole) - TAIL, 0))
    return kept


def _head(record: Record) -> Iterator[str]:
    took = span(record.finished - record.started) if record.finished is not None else "unfinished"
    yield f"<h1>{_verdict(record.status)} build {escape(record.build_id)}</h1>"
    yield f'<p class="soft">{_time(record.started)}, {took}, <code>{escape(record.config_path)}</code></p>'
    if record.problem is not None:
        yield f'<p class="bad">{_text(record.problem.found)}</p>'
        if record.problem.help:
            yield f"<p>{_text(record.problem.help)}</p>"


def _steps(record: Record) -> Iterator[str]:
    ends = [step.finished for step in record.steps if step.finished is not None]
    whole = max([record.finished or record.started, *ends]) - record.started or 1.0
    rows = []
    for step in record.steps:
        name = f"#{step.index} {step.id}" if step.id else f"#{step.index}"
        code = f" ({step.exit_code})" if step.exit_code else ""
        forgiven = ' <span class="held">forgiven</span>' if step.forgiven else ""
        rows.append(
            (
                f'<a href="#step-{step.index}">{_text(name)}</a>',
                f"<code>{_text(step.name)}</code>",
                f"{_verdict(step.status)}{code}{forgiven}",
                _took(step),
                _bar(step, record.started, whole),
            )
        )
    yield "<h2>Steps</h2>"
    yield _table(("step", "image", "status", "time", "when"), rows, wide=4)


def _bar(step: StepRecord, began: float, whole: float) -> str:
    if step.started is None or step.finished is None:
        return ""
    kind = "" if step.status in GOOD else " held" if step.forgiven else " bad"
    left = (step.started - began) / whole * 100
    width = (step.finished - step.started) / whole * 100
    return (
        f'<div class="track"><div class="bar{kind}" style="left:{left:.2f}%;width:{width:.2f}%"></div></div>'
    )


def _gates(record: Record) -> Iterator[str]:
    if record.gates:
        yield "<h2>Gates</h2>"
        rows = [
            (_text(gate.name), _verdict(gate.verdict), _id(gate.image_id), _text(gate.because))
            for gate in record.gates
        ]
        yield _table(("gate", "verdict", "image", "because"), rows)


def _images(record: Record) -> Iterator[str]:
    if record.images:
        yield "<h2>Images</h2>"
        rows = [
            (
                f"<code>{_text(image.name)}</code>",
                _id(image.image_id),
                _text(", ".join(image.tested_by))
                or '<span class="bad">nobody: it may not be published</span>',
            )
            for image in record.images
        ]
        yield _table(("name", "image ID", "tested by"), rows)
    if record.pushed:
        yield "<h2>Pushed</h2>"
        pushed = [
            (f"<code>{_text(push.name)}</code>", f"<code>{_text(push.digest)}</code>")
            for push in record.pushed
        ]
        yield _table(("name", "digest"), pushed)
    if record.held:
        names = ", ".join(f"<code>{_text(name)}</code>" for name in record.held)
        yield f'<p class="held">Held, not pushed: {names}</p>'
    if record.artifacts:
        yield "<h2>Artifacts</h2>"
        kept = [
            (f"<code>{_text(one.path)}</code>", f"{one.size_bytes:,} bytes", _text(one.location))
            for one in record.artifacts
        ]
        yield _table(("kept at", "size", "at Google"), kept)


def _facts(record: Record) -> Iterator[str]:
    rows = [
        (_text(key), f"<code>{_text(str(content))}</code>")
        for key, content in record.source
        if content is not None
    ]
    rows += [("config digest", f"<code>{_text(record.config_digest)}</code>")]
    rows += [
        (f"<code>{_text(key)}</code>", f"<code>{_text(content)}</code>")
        for key, content in record.substitutions
    ]
    names = {step.index: step.id or f"#{step.index}" for step in record.steps}
    rows += [(f"allowed {_text(names[step])}", _text(rule)) for step, rule in record.allowed]
    yield "<h2>Source and values</h2>"
    yield _table(("", ""), rows)


def _logs(record: Record, outputs: Mapping[int, tuple[bytes, int]]) -> Iterator[str]:
    yield "<h2>Output</h2>"
    for step in record.steps:
        tail, before = outputs.get(step.index, (b"", 0))
        lines = "\n".join(clean(line) for line in tail.decode("utf-8", "replace").split("\n"))
        cut = f'<p class="soft">{before:,} bytes before this are left out</p>' if before else ""
        opened = "" if step.status in GOOD or not tail else " open"
        summary = f"{_text(f'#{step.index} {step.id}'.rstrip())} {_verdict(step.status)}"
        yield (
            f'<details id="step-{step.index}"{opened}><summary>{summary}</summary>'
            f"{cut}<pre>{escape(lines)}</pre></details>"
        )


def _took(step: StepRecord) -> str:
    return (
        span(step.finished - step.started) if step.started is not None and step.finished is not None else ""
    )


def _verdict(word: str) -> str:
    return f'<span class="{"ok" if word in GOOD else "bad"}">{_text(word)}</span>'


def _id(image_id: str) -> str:
    return f'<code title="{escape(image_id)}">{_text(short(image_id))}</code>'


def _text(text: str) -> str:
    return escape(clean(text))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], wide: int = -1) -> str:
    head = "".join(f"<th{' class=wide' if at == wide else ''}>{name}</th>" for at, name in enumerate(heads))
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{head}</tr>\n{body}</table>"
