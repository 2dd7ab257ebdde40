"""The substitutions that Google sets itself (page "Substituting variable values")."""

from __future__ import annotations

from ctr_ci.value import value

FIXED = frozenset({"PROJECT_ID", "BUILD_ID"})  # never overridden
NAMES = FIXED | {
    "PROJECT_NUMBER",
    "LOCATION",
    "TRIGGER_NAME",
    "COMMIT_SHA",
    "REVISION_ID",
    "SHORT_SHA",
    "REPO_NAME",
    "REPO_FULL_NAME",
    "BRANCH_NAME",
    "TAG_NAME",
    "REF_NAME",
    "TRIGGER_BUILD_CONFIG_PATH",
    "SERVICE_ACCOUNT_EMAIL",
    "SERVICE_ACCOUNT",
}
PULL_REQUEST = frozenset({"_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL", "_PR_NUMBER"})


@value
class Builtins:
    """What the build knows of its surroundings; "" is unknown, and substitutes as nothing."""

    project: str = "local-project"
    project_number: str = ""
    build_id: str = ""
    location: str = ""
    branch: str = ""
    tag: str = ""
    commit: str = ""
    repo: str = ""
    repo_full_name: str = ""
    trigger_name: str = ""
    config_path: str = ""
    service_account_email: str = ""

    def values(self) -> dict[str, str]:
        """The value of every built-in, by its name."""
        email = self.service_account_email
        return {
            "PROJECT_ID": self.project,
            "PROJECT_NUMBER": self.project_number,
            "BUILD_ID": self.build_id,
            "LOCATION": self.location,
            "TRIGGER_NAME": self.trigger_name,
            "COMMIT_SHA": self.commit,
            "REVISION_ID": self.commit,
            "SHORT_SHA": self.commit[:7],
            "REPO_NAME": self.repo,
            "REPO_FULL_NAME": self.repo_full_name,
            "BRANCH_NAME": self.branch,
            "TAG_NAME": self.tag,
            "REF_NAME": self.tag or self.branch,
            "TRIGGER_BUILD_CONFIG_PATH": self.config_path,
            "SERVICE_ACCOUNT_EMAIL": email,
            "SERVICE_ACCOUNT": f"projects/{self.project}/serviceAccounts/{email}" if email else "",
        }
