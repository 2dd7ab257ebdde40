"""What a config must keep to after substitution: names of steps, images and tags, and paths of
artifacts (cloud-build-local validate.go, CheckBuildAfterSubstitutions)."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.cloudbuild.build import Build
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.fields import ARG_LONGEST
from ctr_ci.cloudbuild.names import BUILD_TAG, has_capitals, is_image, is_step_image
from ctr_ci.cloudbuild.scan import uses
from ctr_ci.cloudbuild.tree import At
from ctr_ci.source import Source

_OPTIONS = {
    "PROJECT_ID": "--project",
    "PROJECT_NUMBER": "--project-number",
    "TAG_NAME": "--tag-name",
    "BRANCH_NAME": "--branch-name",
    "COMMIT_SHA": "--commit",
    "SHORT_SHA": "--commit",
    "REVISION_ID": "--commit",
    "REPO_NAME": "--repo",
    "REPO_FULL_NAME": "--repo",
}


def check_names(build: Build, written: Build, values: Mapping[str, str], complaints: Complaints) -> None:
    """`build` is `written` after substitution with `values`, which are to blame for many a bad name."""
    for step in build.steps:
        if step.name.value and not is_step_image(step.name.value):
            complaints.error(
                step.name.span,
                f'invalid build step name "{step.name.value}"{_from(step.name, written)}',
                "an image: repository[:tag] or repository@sha256:...",
                _why(step.name, written, values),
            )
        for argument in step.args or ():
            if len(argument.value) > ARG_LONGEST:
                complaints.error(
                    argument.span,
                    f"{len(argument.value)} characters after substitution",
                    f"at most {ARG_LONGEST}",
                )
    for image in (*build.images, *build.artifact_images):
        _image(image, written, values, complaints)
    for tag in build.kept_tags:
        if not BUILD_TAG.fullmatch(tag.value):
            complaints.error(
                tag.span,
                f'invalid build tag "{tag.value}"{_from(tag, written)}',
                "1 to 128 letters, digits, `_`, `.` or `-`, the first none of `.` and `-`",
            )
    _objects(build, complaints)


def _image(image: At[str], written: Build, values: Mapping[str, str], complaints: Complaints) -> None:
    if has_capitals(image.value):
        complaints.error(
            image.span,
            f'invalid image name "{image.value}" contains uppercase letters{_from(image, written)}',
            "a repository in lower case",
            f"write {image.value.lower()}" if is_image(image.value.lower()) else _why(image, written, values),
        )
    elif not is_image(image.value):
        complaints.error(
            image.span,
            f'invalid image name "{image.value}"{_from(image, written)}',
            "repository[:tag]",
            _why(image, written, values),
        )


def _objects(build: Build, complaints: Complaints) -> None:
    objects = build.objects
    if objects is None:
        return
    if objects.location is None or not objects.location.value:
        complaints.error(objects.span, "artifacts.objects without location", "a gs:// folder")
    elif not objects.location.value.startswith("gs://"):
        complaints.error(objects.location.span, f'the location "{objects.location.value}"', "a gs:// folder")
    if not objects.paths:
        complaints.error(objects.span, "artifacts.objects without paths", "at least one path")
    seen: set[str] = set()
    for path in objects.paths:
        if any(character.isspace() for character in path.value):
            complaints.error(path.span, f'the path "{path.value}" with white space in it', "a path without")
        if path.value in seen:
            complaints.error(path.span, f'the path "{path.value}" twice', "each path once")
        seen.add(path.value)


def _raw(at: At[str], source: Source) -> str:
    raw = source.slice(at.span)
    return raw[1:-1] if raw[:1] in "'\"" else raw


def _from(at: At[str], written: Build) -> str:
    """How the file has it, where that differs."""
    raw = _raw(at, written.source)
    return f" (from {raw})" if "$" in raw and "\n" not in raw else ""


def _why(name: At[str], written: Build, values: Mapping[str, str]) -> str:
    branch = values.get("BRANCH_NAME", "")
    if "/" in branch and branch in name.value:
        return (
            f"the branch {branch!r} has a slash, which no tag may have: with `dynamicSubstitutions: true`,"
            r" use a substitution `_TAG: ${BRANCH_NAME//\//-}`"
        )
    if "$" in name.value:
        return (
            "a substitution's value holds a `$...`, which is expanded with"
            " `options: {dynamicSubstitutions: true}`, and always by triggers: --as trigger"
        )
    empty = [use.key for use in uses(_raw(name, written.source)) if not values.get(use.key)]
    if empty:
        ways = [_OPTIONS.get(key, f"--substitutions {key}=...") for key in dict.fromkeys(empty)]
        return f"empty here: {', '.join(dict.fromkeys(empty))}; give a value with {' '.join(ways)}"
    return "repositories have no capital letters" if has_capitals(name.value) else ""
