"""From the action's inputs to command lines."""

from __future__ import annotations

import pytest

from ctr_ci.action.inputs import job, sensitive, unknown
from ctr_ci.problem import InputError


def given(**inputs: str) -> dict[str, str]:
    return {f"CTR_CI_INPUT_{name.upper()}": value for name, value in inputs.items()}


def test_without_inputs_the_repository_is_linted_and_nothing_runs() -> None:
    made = job({})
    assert made.lint == ("--", ".")
    assert (made.run, made.publish) == ((), ())


def test_paths_are_words_and_come_after_the_options() -> None:
    made = job(given(dockerfile="a 'b c/Dockerfile'", fail_on="error"))
    assert made.lint == ("--fail-on=error", "--", "a", "b c/Dockerfile")


def test_none_lints_nothing() -> None:
    assert job(given(dockerfile="none")).lint == ()


def test_a_config_is_run_and_published() -> None:
    made = job(given(config="cloudbuild.yaml", publish_to="host/app", tags="v1 latest", immutable="True"))
    assert made.run == ("--config=cloudbuild.yaml", "--", ".")
    assert made.publish == ("--to=host/app", "--tag=v1", "--tag=latest", "--immutable")


def test_an_image_is_built_from_the_dockerfile_alone() -> None:
    assert job(given(image="app", source="server")).run == ("--tag=app", "--", "server")


def test_what_is_attached_and_who_is_told_are_options_of_the_push() -> None:
    asked = given(attest="keyless", sbom="cyclonedx", only_if_newer="true", github_deployment="production")
    made = job(given(config="c.yaml", publish_to="host/app") | asked)
    assert made.publish == (
        "--to=host/app",
        "--only-if-newer",
        "--attest=keyless",
        "--sbom=cyclonedx",
        "--github-deployment=production",
    )
    assert not made.promotes


def test_an_image_is_promoted_from_its_registry_without_a_build() -> None:
    who = "https://github.com/org/app/.github/workflows/*"
    made = job(given(from_registry="host/app:rc", tags="v1", certificate_identity=who))
    assert (made.run, made.promotes) == ((), True)
    assert made.publish == ("--tag=v1", "--from-registry=host/app:rc", f"--certificate-identity={who}")


def test_a_password_goes_by_standard_input() -> None:
    made = job(given(image="app", publish_to="host/app", username="ci", password="hush"))
    assert made.publish == ("--to=host/app", "--credential=password-stdin:ci")
    assert "hush" not in repr(made)


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"annotations": "yes"}, "annotations"),
        ({"install": "maybe"}, "install"),
        ({"publish_to": "host/app"}, "publish-to"),
        ({"config": "a.yaml", "image": "app"}, "config and image"),
        ({"config": "a.yaml", "from_registry": "host/app:rc"}, "from-registry and config"),
        ({"dockerfile": "'unclosed"}, "dockerfile"),
        ({"username": "ci"}, "username and password"),
        ({"username": "ci", "password": "hush", "credential": "github"}, "username and credential"),
    ],
)
def test_an_input_that_makes_no_sense_is_named(inputs: dict[str, str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        job(given(**inputs))


def test_all_wrong_inputs_are_told_at_once() -> None:
    with pytest.raises(InputError) as raised:
        job(given(annotations="yes", summary="no", publish_to="x/y"))
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize("value", ["--fix", "-x", "--", "$(id)", "`id`", "; id", "a\nb", "::error::x"])
def test_a_value_cannot_become_another_option(value: str) -> None:
    made = job(given(fail_on=value, config=value, source=value, dockerfile=f"'{value}'"))
    assert made.lint == (f"--fail-on={value}", "--", value)
    assert made.run == (f"--config={value}", "--", value)


def test_what_inputs_name_as_secret_is_masked() -> None:
    environment = given(credential="env:ci:PASS", secrets="KEY=env:SEED 'OTHER=file:x'", github_token="ghs_x")
    environment |= {"PASS": "hush", "SEED": "corn", "UNRELATED": "words"}
    assert set(sensitive(environment)) == {"hush", "corn", "ghs_x"}
    assert "words" in sensitive(environment, ("UNRELATED", "ABSENT"))


def test_a_mistyped_input_is_told() -> None:
    said = unknown(given(dockerfle="x"))
    assert said == ("CTR_CI_INPUT_DOCKERFLE is no input; did you mean CTR_CI_INPUT_DOCKERFILE?",)
