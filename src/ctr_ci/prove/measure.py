"""Findings and an image's bytes, joined: sizes attached, what the bytes prove raised, what they refute
withdrawn; and each of it said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctr_ci.dockerfile import Dockerfile
from ctr_ci.image import Item, Share, Weight, sums
from ctr_ci.lint import Finding, Related, Severity, find
from ctr_ci.prove.layers import instruction_at, layer_of, shipping
from ctr_ci.prove.proofs import PROOFS, Proof
from ctr_ci.source import Span
from ctr_ci.value import replace

FLAGSHIP = "build-in-ship-image"
SYSTEM = ("deb", "apk", "rpm", "pacman")  # whose packages a Dockerfile's install commands name
SHELLS = ("sh", "bash", "ash", "dash", "zsh", "fish", "ksh")
STAYS = " stays installed"  # how the flagship's related places end, after the package's name
# Less than this without a compiler is left alone where the linter had nothing to say.
WORTH_RAISING = 1 << 20


@dataclass(frozen=True, slots=True)
class Proven:
    """What became of the findings. `findings` are all that stand, `raised` those that the linter had
    not, or not so severely; `withdrawn` are refuted, with the reason."""

    findings: tuple[Finding, ...]
    raised: tuple[Finding, ...]
    withdrawn: tuple[tuple[Finding, str], ...]


def measure(
    findings: Iterable[Finding], weight: Weight, dockerfile: Dockerfile | None = None
) -> tuple[Finding, ...]:
    """The findings that stand before the image's bytes, with these attached; see `prove`."""
    return prove(findings, weight, dockerfile).findings


def prove(
    findings: Iterable[Finding],
    weight: Weight,
    dockerfile: Dockerfile | None = None,
    *,
    raises: Severity | None = Severity.WARNING,
    target: str = "",
) -> Proven:
    """Holds the findings of one Dockerfile against the image that was built from it.

    `dockerfile` tells which instruction brought which layer; without it the whole image counts.
    `raises`: how severe a finding can be that the linter had not; None: there is never one (the rule is
    off, or silenced, or the image is for building). `target`: the stage that the image was built from.
    """
    layers = layer_of(dockerfile, weight, target) if dockerfile is not None else {}
    stands: list[Finding] = []
    raised: list[Finding] = []
    withdrawn: list[tuple[Finding, str]] = []
    for finding in findings:
        proof = PROOFS.get(finding.rule.name)
        if proof is None:
            stands.append(finding)
            continue
        layer = _layer(dockerfile, finding, layers) if proof.own_layer else None
        items = [i for i in weight.items if proof.counts(i) and i.size and layer in (None, i.layer)]
        size = sum(item.size for item in items)
        if not size and not (finding.rule.name == FLAGSHIP and weight.compilers):
            if proof.settles:
                withdrawn.append((finding, f"no bytes {proof.what} {_where(layer)}"))
            else:
                stands.append(finding)
            continue
        proven = _attached(finding, proof, items, size, layer, weight)
        stands.append(proven)
        if proven.severity.rank < finding.severity.rank:
            raised.append(proven)
    if raises is not None and dockerfile is not None and not any(f.rule.name == FLAGSHIP for f in stands):
        fresh = _raised(weight, dockerfile, layers, raises, target)
        if fresh is not None:
            stands.append(fresh)
            raised.append(fresh)
    order = sorted(stands, key=lambda f: (f.span.start.line, f.span.start.column))
    return Proven(tuple(order), tuple(raised), tuple(withdrawn))


def _layer(dockerfile: Dockerfile | None, finding: Finding, layers: dict[Span, int]) -> int | None:
    instruction = instruction_at(dockerfile, finding.span) if dockerfile is not None else None
    return layers.get(instruction.span) if instruction is not None else None


def _where(layer: int | None) -> str:
    return "in the image" if layer is None else f"in layer {layer + 1} of the image"


def _attached(
    finding: Finding, proof: Proof, items: list[Item], size: int, layer: int | None, weight: Weight
) -> Finding:
    severity, related = finding.severity, finding.related
    said = f"proven: {_mb(size)} {proof.what} {_where(layer)}"
    if finding.rule.name == FLAGSHIP:
        largest = ", ".join(f"{name} {_mb(part)}" for name, part in _largest(items))
        said += f" ({largest})" if largest else ""
        if weight.compilers:
            said += f"; {_compilers(weight)}"
            severity = Severity.ERROR
        elif severity.rank > Severity.WARNING.rank:
            severity = Severity.WARNING
        absent = _absent(finding, weight)
        if absent:
            said += f"\nrefuted: no package {', '.join(absent)} in the image"
            related = tuple(_refuted(each, absent) for each in related)
    text = f"{finding.help}\n{said}" if finding.help else said
    return replace(finding, bytes=size, severity=severity, help=text, related=related)


def _absent(finding: Finding, weight: Weight) -> tuple[str, ...]:
    """The packages that a finding says stay and that no layer has; none where the image's database of
    packages is not one that we read."""
    there = {package.name for package in weight.packages if package.ecosystem in SYSTEM}
    said = [each.message.removesuffix(STAYS) for each in finding.related if each.message.endswith(STAYS)]
    plain = [name for name in said if name[:1].isalnum() and "*" not in name]
    return tuple(dict.fromkeys(name for name in plain if name not in there)) if there else ()


def _refuted(place: Related, absent: tuple[str, ...]) -> Related:
    name = place.message.removesuffix(STAYS)
    return Related(place.span, f"{name} is not in the image") if name in absent else place


def _raised(
    weight: Weight, dockerfile: Dockerfile, layers: dict[Span, int], most: Severity, target: str
) -> Finding | None:
    """The flagship finding that only the bytes show; None where there is nothing to say."""
    items = [item for item in weight.items if item.was is Share.BUILD and item.size]
    size = sum(item.size for item in items)
    rule = next((one for one in find(FLAGSHIP) if one.name == FLAGSHIP), None)
    stage = shipping(dockerfile, target)
    if rule is None or stage is None or (size < WORTH_RAISING and not weight.compilers):
        return None
    by_layer = dict(sums(items, lambda item: str(item.layer)))
    heaviest = int(max(by_layer, key=lambda layer: by_layer[layer]))
    brought = next((span for span, layer in layers.items() if layer == heaviest), None)
    instruction = next((each for each in dockerfile.instructions if each.span == brought), None)
    if instruction is not None:
        place, who = instruction.keyword_span, "this instruction brings"
    else:
        place, who = stage.base.image.span, "the base image brings"
    largest = ", ".join(f"{name} {_mb(part)}" for name, part in _largest(items))
    message = f"{who} {_mb(by_layer[str(heaviest)])} that only building needs, and it ships: {largest}"
    said = f"seen in the image's bytes alone: {_mb(size)} in all"
    if weight.compilers:
        said += f"; {_compilers(weight)}"
    # An image that starts a shell, or nothing, may be meant for building: say it, fail nobody.
    meant = not weight.command or (
        len(weight.command) == 1 and weight.command[0].rpartition("/")[2] in SHELLS
    )
    severity = Severity.INFO if meant else most
    found = rule.at(place, message, help=f"{rule.help}\n{said}", severity=severity)
    return replace(found, bytes=size, stage=stage.name or str(stage.index))


def _largest(items: list[Item]) -> tuple[tuple[str, int], ...]:
    return sums(items, lambda item: item.package or item.why)[:3]


def _compilers(weight: Weight) -> str:
    first: dict[str, str] = {}
    for language, path in weight.compilers:
        first.setdefault(language, path)
    return "compilers in the image: " + ", ".join(f"{name} (/{path})" for name, path in first.items())


def _mb(size: int) -> str:
    return (
        f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB" if size >= 1000 else f"{size} B"
    )
