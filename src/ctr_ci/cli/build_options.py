"""The options that `run` and `plan` share: what the build is."""

from __future__ import annotations

from ctr_ci.cli.option import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.verbs.build_inputs import BuildChoice

BUILD_OPTIONS = (
    Option(
        "--config", "the build's config (default: cloudbuild.yaml, .yml or .json of SOURCE)", metavar="FILE"
    ),
    Option(
        "--substitutions",
        "values of substitutions, as gcloud takes them; another delimiter: ^:^_A=x,y:_B=z",
        kind="list",
        metavar="_A=b,_C=d",
    ),
    Option("--tag", "no config: build the Dockerfile of SOURCE under this name", metavar="IMAGE", short="-t"),
    Option("--project", "PROJECT_ID (default: the environment's, or local-project)", metavar="ID"),
    Option("--project-number", "PROJECT_NUMBER", metavar="NUMBER"),
    Option("--region", "LOCATION (default: global)", metavar="REGION"),
    Option("--branch-name", "BRANCH_NAME (default: git's)", metavar="BRANCH"),
    Option("--tag-name", "TAG_NAME (default: git's, where no branch is checked out)", metavar="TAG"),
    Option("--commit", "COMMIT_SHA and SHORT_SHA (default: git's)", metavar="SHA"),
    Option("--repo", "REPO_FULL_NAME and REPO_NAME (default: git's origin)", metavar="OWNER/NAME"),
    Option(
        "--as",
        "whose rules for substitutions: of builds by hand, or by a trigger",
        default="manual",
        choices=("manual", "trigger"),
    ),
    Option("--payload", "the event that $(body...) in substitutions looks into", metavar="FILE.json"),
    Option("--timeout", "how long the build may take, instead of the config's", metavar="DURATION"),
    Option("--config-file", "the ctr-ci.yaml to use", metavar="FILE"),
    Option("--no-config", "use no ctr-ci.yaml", kind="flag"),
)


def choice(arguments: argparse.Namespace) -> BuildChoice:
    """What the parsed options chose."""
    from ctr_ci.verbs.build_inputs import BuildChoice

    return BuildChoice(
        config=arguments.config,
        substitutions=tuple(arguments.substitutions),
        tag=arguments.tag,
        project=arguments.project,
        project_number=arguments.project_number,
        region=arguments.region,
        branch_name=arguments.branch_name,
        tag_name=arguments.tag_name,
        commit=arguments.commit,
        repo=arguments.repo,
        rules=getattr(arguments, "as"),
        payload=arguments.payload,
        timeout=arguments.timeout,
        config_file=arguments.config_file or "",
        use_config=not arguments.no_config,
    )
