"""The GitHub Action as a table: its inputs, its outputs, and `action.yml` made from them. Pure.

An input that sets a command's option takes its text from that option's declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ENTRY = '"$GITHUB_ACTION_PATH/scripts/action.sh"'
PREFIX = "CTR_CI_INPUT_"


@dataclass(frozen=True, slots=True)
class Input:
    """One input. `command` and `option` name the command line's option that it sets; an input of
    the action itself has a `help` of its own instead. `many`: words as a shell splits them."""

    name: str
    default: str = ""
    command: str = ""
    option: str = ""
    help: str = ""
    many: bool = False
    flag: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    help: str


INPUTS = (
    Input(
        "dockerfile", ".", help="What to lint: Dockerfiles and folders, as words. `none`: nothing.", many=True
    ),
    Input("config", help="The cloudbuild.yaml to run. Empty: nothing is run."),
    Input("image", help="Build just the Dockerfile of `source` under this name, instead of `config`."),
    Input("source", ".", help="The folder that the build sees."),
    Input("publish-to", help="Push what the run tested: HOST/REPOSITORY. Empty: nothing is pushed."),
    Input("tags", command="publish", option="--tag", many=True),
    Input("credential", command="publish", option="--credential"),
    Input("username", help="The registry's user, with `password`, instead of `credential`."),
    Input("password", help="The password of `username`: a secret, given to the push alone."),
    Input("require", command="publish", option="--require", many=True),
    Input("immutable", "false", command="publish", option="--immutable", flag=True),
    Input("only-if-newer", "false", command="publish", option="--only-if-newer", flag=True),
    Input("git-annotations", "false", command="publish", option="--git-annotations", flag=True),
    Input("attest", command="publish", option="--attest"),
    Input("sbom", command="publish", option="--sbom"),
    Input("key", command="publish", option="--key"),
    Input("from-registry", command="publish", option="--from-registry"),
    Input("certificate-identity", command="publish", option="--certificate-identity"),
    Input("certificate-oidc-issuer", command="publish", option="--certificate-oidc-issuer"),
    Input("trust-config", command="publish", option="--trust-config"),
    Input("github-status", "false", command="publish", option="--github-status", flag=True),
    Input("github-deployment", command="publish", option="--github-deployment"),
    Input("config-file", command="lint", option="--config-file"),
    Input("fail-on", command="lint", option="--fail-on"),
    Input("select", command="lint", option="--select"),
    Input("ignore", command="lint", option="--ignore"),
    Input("substitutions", command="run", option="--substitutions"),
    Input("project", command="run", option="--project"),
    Input("secrets", command="run", option="--secret", many=True),
    Input("builders", command="run", option="--builder", many=True),
    Input("timeout", command="run", option="--timeout"),
    Input("gate-policy", command="run", option="--gate-policy"),
    Input("annotations", "true", help="Show findings at their lines.", flag=True),
    Input("summary", "true", help="Write a job summary.", flag=True),
    Input(
        "upload-sarif", "false", help="Send findings to code scanning (`security-events: write`).", flag=True
    ),
    Input(
        "comment", "false", help="Keep one comment on the pull request (`pull-requests: write`).", flag=True
    ),
    Input("suggest", "false", help="Suggest fixes on changed lines (`pull-requests: write`).", flag=True),
    Input("check-run", "false", help="Make a check run with all findings (`checks: write`).", flag=True),
    Input(
        "github-token",
        "${{ github.token }}",
        help="The token for all that is told to GitHub; needs no more than each of it says.",
    ),
    Input("install", "auto", help="auto: a locked environment of our own. never: python3 has all we need."),
)
OUTPUTS = (
    Output("findings", "How many findings."),
    Output("errors", "How many of them are errors."),
    Output("warnings", "How many of them are warnings."),
    Output("fixable", "How many of them `ctr-ci lint --fix` repairs."),
    Output("sarif-file", "The findings as SARIF, for github/codeql-action/upload-sarif."),
    Output("status", "How the build ended: SUCCESS, FAILURE, TIMEOUT, CANCELLED."),
    Output("record", "The record of the run: the evidence that publish obeys."),
    Output("report", "The run as one HTML page: timeline, gates, images, what each step printed."),
    Output("image", "The repository that was pushed to (several images: one a line, as for the next three)."),
    Output("image-id", "The ID of the image that was tested and pushed."),
    Output("digest", "The digest of the pushed manifest."),
    Output("tags", "The tags that were moved to it, one a line."),
    Output("attestations", "The digests of what was attached to it as evidence, one a line."),
    Output("version", "The version of ctr-ci."),
)


def render(describe: Callable[[str, str], str]) -> str:
    """The text of action.yml; `describe(command, option)` is an option's help text."""
    lines = [
        "# Made from src/ctr_ci/reference/action_yml.py by scripts/reference.py.",
        "name: ctr-ci",
        "description: Lint Dockerfiles, run cloudbuild.yaml in containers, publish exactly the tested image",
        "author: The ctr-ci authors",
        "branding:",
        "  icon: package",
        "  color: blue",
        "inputs:",
    ]
    for item in INPUTS:
        text = item.help or _sentence(describe(item.command, item.option), item.many)
        lines += [f"  {item.name}:", f"    description: {_quoted(text)}", "    required: false"]
        lines += [f"    default: {_quoted(item.default)}"]
    lines.append("outputs:")
    for output in OUTPUTS:
        lines += [f"  {output.name}:", f"    description: {_quoted(output.help)}"]
        lines += [f"    value: ${{{{ steps.ctr-ci.outputs.{output.name} }}}}"]
    lines += ["runs:", "  using: composite", "  steps:", "    - id: ctr-ci", "      shell: bash"]
    lines += [f"      run: {ENTRY}", "      env:"]
    lines += [f"        {item.variable}: ${{{{ inputs.{item.name} }}}}" for item in INPUTS]
    # Where the pages of our rules lie: known to the step's expressions only.
    lines += [
        f"        CTR_CI_ACTION_{name.upper()}: ${{{{ github.action_{name} }}}}"
        for name in ("repository", "ref")
    ]
    return "\n".join(lines) + "\n"


def _sentence(text: str, many: bool) -> str:
    """An option's help as an input's description: an option is repeated, an input holds words."""
    text = re.sub(r",? \(?repeatable\)?|,? repeatable", "", text.strip())
    text = re.sub(r"(?<![\w-])--(\w[\w-]*)", r"`\1`", text)  # options of the command are inputs here
    text = re.sub(r" \(pip install [^)]*\)", "", text)  # the action installs what a feature needs
    text = text[:1].upper() + text[1:] if re.match(r"[a-z]+,? ", text) else text
    text += "" if text.endswith(".") else "."
    return f"{text} Several: as words." if many else text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
