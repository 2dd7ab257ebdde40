"""Tags from templates: the words of docker/metadata-action, with a `latest` that deserves its name.

A template is a literal tag, a text with `{{...}}` in it, or `type=KIND,...`: semver, ref, sha, raw,
schedule, edge, match. Pure: git's and the event's facts come in, and the tags that exist, since a
maintenance release of 1.9 must not take `latest` (or `1`) from 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ctr_ci.oci import check_tag
from ctr_ci.problem import InputError, Problem

KINDS = "semver, ref, sha, raw, schedule, edge or match"
NUMBER = r"(0|[1-9]\d*)"
SEMVER = rf"v?{NUMBER}\.{NUMBER}\.{NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
# moment's words that a date may be written with -> strftime's
DATE_WORDS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "X": "%s"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What tags are made from. `sha` is the commit that was built; `pull` a pull request's number,
    "" outside of one; `event` GitHub's name of what started the job; `now` epoch seconds."""

    branch: str = ""
    tag: str = ""
    sha: str = ""
    pull: str = ""
    event: str = ""
    default_branch: str = "main"
    now: float = 0.0

    def tags(self, templates: tuple[str, ...], existing: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """The tags, in the order of their templates, each once. `existing` is called at most once,
        when a version asks for a shorter name. Raises InputError for a template or tag that is none."""
        listed: list[tuple[str, ...]] = []

        def others() -> tuple[str, ...]:
            if not listed:
                listed.append(existing())
            return listed[0]

        found = [tag for template in templates for tag in _one(template, self, others)]
        return tuple(dict.fromkeys(check_tag(tag) for tag in found))


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; `pre` is "" for a stable one."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    @classmethod
    def find(cls, text: str) -> Version | None:
        """The version that a tag is (`v` before it or not), None where it is none."""
        found = re.fullmatch(SEMVER, text)
        return cls(int(found[1]), int(found[2]), int(found[3]), found[4] or "") if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{self.pre}" if self.pre else "")

    @property
    def rank(self) -> tuple[int, int, int]:
        return (self.major, self.minor, self.patch)


def _one(template: str, facts: Facts, others: Callable[[], tuple[str, ...]]) -> list[str]:
    if not template.startswith("type="):
        return [_clean(_filled(template, facts))] if "{{" in template else [template]
    fields = _fields(template)
    made = _typed(template, fields, facts, others)
    prefix, suffix = _filled(fields.get("prefix", ""), facts), _filled(fields.get("suffix", ""), facts)
    return [tag if tag == "latest" else _clean(f"{prefix}{tag}{suffix}") for tag in made]


def _typed(
    template: str, fields: dict[str, str], facts: Facts, others: Callable[[], tuple[str, ...]]
) -> list[str]:
    match fields["type"]:
        case "semver":
            return _semver(fields, facts, others)
        case "raw":
            return [_filled(fields.get("value", ""), facts)]
        case "sha":
            if not facts.sha:
                raise InputError(Problem(f"{template}: no commit is known", help="run in a git work tree"))
            return [f"sha-{facts.sha if fields.get('format') == 'long' else facts.sha[:7]}"]
        case "ref":
            made = {"branch": facts.branch, "tag": facts.tag, "pr": facts.pull and f"pr-{facts.pull}"}
            if fields.get("event") not in made:
                raise InputError(Problem(f"tag template {template!r}", expected="event=branch, tag or pr"))
            return [name] if (name := made[fields["event"]]) else []
        case "schedule":
            return [_filled(fields.get("pattern", "nightly"), facts)] if facts.event == "schedule" else []
        case "edge":
            return ["edge"] if facts.branch == fields.get("branch", facts.default_branch) else []
        case "match":
            return _match(template, fields, facts)
    raise InputError(Problem(f"tag template {template!r}", expected=f"type={KINDS}"))


def _semver(fields: dict[str, str], facts: Facts, others: Callable[[], tuple[str, ...]]) -> list[str]:
    """The version's tags: with no `pattern` the full one and the shorter ones that it is the newest
    of; a prerelease is its full version only, and never `latest`."""
    version = Version.find(_filled(fields["value"], facts) if "value" in fields else facts.tag)
    if version is None:
        return []
    if version.pre:
        return [str(version)]
    stable = [v for tag in others() if (v := Version.find(tag)) and not v.pre]
    newest = all(v.rank <= version.rank for v in stable)
    newest_minor = all(v.rank <= version.rank for v in stable if (v.major, v.minor) == version.rank[:2])
    newest_major = all(v.rank <= version.rank for v in stable if v.major == version.major)
    if "pattern" in fields:
        made = [_filled(fields["pattern"], facts, version)]
    else:
        made = [str(version)]
        made += [f"{version.major}.{version.minor}"] if newest_minor else []
        made += [str(version.major)] if newest_major and version.major else []
    wanted = fields.get("latest", "auto")
    return [*made, "latest"] if wanted == "true" or (wanted == "auto" and newest) else made


def _match(template: str, fields: dict[str, str], facts: Facts) -> list[str]:
    try:
        found = re.search(fields.get("pattern", ""), facts.tag)
        group = found[int(fields.get("group", "0"))] if found else None
    except (re.error, ValueError, IndexError) as error:
        raise InputError(Problem(f"tag template {template!r} ({error})")) from error
    return [group] if group else []


def _fields(template: str) -> dict[str, str]:
    """`key=value` parts; a comma inside `{{...}}` or quotes belongs to its part."""
    parts = re.findall(r'((?:\{\{.*?\}\}|"[^"]*"|[^,])+)', template)
    pairs = (part.strip().partition("=") for part in parts)
    return {key: text.strip('"') for key, _, text in pairs}


def _filled(text: str, facts: Facts, version: Version | None = None) -> str:
    def value(found: re.Match[str]) -> str:
        word, _, rest = found[1].strip().partition(" ")
        words = {
            "branch": facts.branch,
            "tag": facts.tag,
            "sha": facts.sha[:7],
            "pr": facts.pull,
            "event": facts.event,
        }
        known = version or Version.find(facts.tag)
        if known:
            words |= {"version": str(known), "raw": facts.tag}
            words |= {"major": str(known.major), "minor": str(known.minor), "patch": str(known.patch)}
        if word == "date":
            return _date(rest.strip("'\" "), facts.now)
        if not words.get(word):
            raise InputError(
                Problem(
                    f"tag template {text!r}: {{{{{word}}}}} has no value here",
                    expected=f"one of {', '.join(name for name, content in words.items() if content)}, date",
                )
            )
        return words[word]

    return re.sub(r"\{\{(.*?)\}\}", value, text)


def _date(form: str, now: float) -> str:
    at = datetime.fromtimestamp(now, UTC)
    pattern = "|".join(DATE_WORDS)
    return re.sub(pattern, lambda word: at.strftime(DATE_WORDS[word[0]]), form or "YYYYMMDD")


def _clean(tag: str) -> str:
    """What no tag may hold becomes `-`; a first character that may not be first is dropped; 128 at
    most."""
    return re.sub(r"[^a-zA-Z0-9._-]+", "-", tag).lstrip(".-")[:128]
