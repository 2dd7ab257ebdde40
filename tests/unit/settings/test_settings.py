"""Configuration files: what is read, from where, and how ours and hadolint's go together."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from ctr_ci.lint import all_rules
from ctr_ci.problem import InputError
from ctr_ci.reference import settings_schema
from ctr_ci.settings import LINT, LintSettings, find

ALL = """\
lint:
  fail-on: error
  select: [default]
  extend-select: apt-pin
  ignore: [DL3006, untagged]
  rules:
    latest: off
    untagged: {severity: error}
    max-lines: {lines: 20, severity: warning}
  paths:
    'legacy/**': {ignore: [exec-form]}
  exclude: ['vendor/*']
  trusted-registries: [docker.io]
  labels: {maintainer: text}
  strict-labels: true
  image-kind: app
  ignore-comments: false
  baseline: known.json
stages: []
"""


def read(folder: Path, environment: dict[str, str] | None = None) -> LintSettings:
    return find(str(folder), environment or {}).lint


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "ctr-ci.yaml").write_text(ALL)
    found = read(tmp_path)
    assert found.fail_on == "error"
    assert [name.text for name in found.ignore] == ["DL3006", "untagged"]
    assert [name.text for name in found.extend_select] == ["apt-pin"]
    assert [(name.text, level) for name, level in found.severity] == [
        ("latest", "off"),
        ("untagged", "error"),
        ("max-lines", "warning"),
    ]
    assert [(option.rule.text, option.key, option.values) for option in found.options] == [
        ("max-lines", "lines", ("20",))
    ]
    assert found.ignored_at("legacy/a/Dockerfile")
    assert not found.ignored_at("Dockerfile")
    assert found.trusted_registries == ("docker.io",)
    assert found.labels == (("maintainer", "text"),)
    assert found.strict_labels
    assert found.image_kind == "app"
    assert not found.pragmas
    assert found.baseline == "known.json"


def test_the_other_sections_are_handed_on(tmp_path: Path) -> None:
    (tmp_path / "ctr-ci.yaml").write_text(ALL)
    found = find(str(tmp_path), {})
    assert found.section("stages") is not None
    assert found.section("gates") is None


def test_the_schema_takes_what_is_read_and_refuses_what_is_not() -> None:
    import yaml

    schema = json.loads(settings_schema(all_rules()))
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = yaml.safe_load(ALL.replace("latest: off", "latest: 'off'"))
    jsonschema.validate(whole, schema)
    assert set(whole["lint"]) == {setting.key for setting in LINT}
    for text in ("{lint: {fial-on: error}}", "{lint: {fail-on: bad}}", "{lnt: {}}"):
        wrong = yaml.safe_load(text)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


HADOLINT = """\
failure-threshold: warning
format: gnu
ignored: [DL3008, SC2086]
override:
  error: [DL3015]
  style: DL3006
trustedRegistries: docker.io
label-schema: {author: text, mail: email}
strict-labels: true
disable-ignore-pragma: true
no-color: true
no-fail: true
some-future-key: 1
"""


def test_every_key_of_hadolint_is_read(tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text(HADOLINT)
    found = read(tmp_path)
    assert found.hadolint
    assert found.fail_on == "warning"
    assert [name.text for name in found.ignore] == ["DL3008", "SC2086"]
    assert [(name.text, level) for name, level in found.severity] == [
        ("DL3015", "error"),
        ("DL3006", "style"),
    ]
    assert found.trusted_registries == ("docker.io",)
    assert found.labels == (("author", "text"), ("mail", "email"))
    assert found.strict_labels
    assert not found.pragmas
    assert found.no_fail
    assert found.no_color
    assert found.format == "gnu"


@pytest.mark.parametrize(
    "place",
    [".hadolint.yaml", ".hadolint.yml", "xdg/hadolint.yaml", "home/.hadolint/hadolint.yaml",
     "home/.hadolint/config.yml", "home/.hadolint.yaml"],
)  # fmt: skip
def test_hadolints_config_is_found_where_hadolint_looks(tmp_path: Path, place: str) -> None:
    path = tmp_path / "work" / place if place.startswith(".") else tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "work").mkdir(exist_ok=True)
    path.write_text("ignored: [DL3006]\n")
    environment = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert [name.text for name in read(tmp_path / "work", environment).ignore] == ["DL3006"]


def test_ours_wins_per_key(tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3006]\nfailure-threshold: style\n")
    (tmp_path / "ctr-ci.yaml").write_text("lint: {fail-on: error}\n")
    found = read(tmp_path)
    assert found.fail_on == "error"
    assert [name.text for name in found.ignore] == ["DL3006"]
    assert found.hadolint
    assert len(found.read) == 2


def test_hadolints_environment_wins_over_its_file_and_adds_to_its_lists(tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3006]\nfailure-threshold: style\n")
    environment = {
        "HADOLINT_IGNORE": "DL3007,DL3008",
        "HADOLINT_FAILURE_THRESHOLD": "error",
        "HADOLINT_OVERRIDE_INFO": "DL3015",
        "HADOLINT_TRUSTED_REGISTRIES": "a.example",
        "HADOLINT_REQUIRE_LABELS": "x:semver",
        "HADOLINT_FORMAT": "sarif",
        "HADOLINT_NOFAIL": "1",
        "HADOLINT_STRICT_LABELS": "true",
        "HADOLINT_DISABLE_IGNORE_PRAGMA": "true",
    }
    found = read(tmp_path, environment)
    assert [name.text for name in found.ignore] == ["DL3006", "DL3007", "DL3008"]
    assert found.fail_on == "error"
    assert ("DL3015", "info") in [(name.text, level) for name, level in found.severity]
    assert found.trusted_registries == ("a.example",)
    assert found.labels == (("x", "semver"),)
    assert found.format == "sarif"
    assert found.no_fail
    assert found.strict_labels
    assert not found.pragmas


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("failure-threshold: bad\n", "'bad'; expected one of error"),
        ("- a\n", "not a map"),
        ("format: jsn\n", "'jsn'; expected one of tty, json"),
        ("label-schema: {a: b}\n", "'b'; expected one of text"),
    ],
)
def test_a_wrong_hadolint_config_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / ".hadolint.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        read(tmp_path)
    assert said in str(error.value)


def test_an_empty_config_is_a_config(tmp_path: Path) -> None:
    (tmp_path / "ctr-ci.yaml").write_text("")
    assert read(tmp_path).fail_on == "warning"
    (tmp_path / ".hadolint.yaml").write_text("")
    assert read(tmp_path).hadolint
