"""Every field of a Cloud Build config, once: type, limits, whether it substitutes, what it does.

Reading, substitution, the checks of size and the JSON Schema follow this table. Sources: the
service's cloudbuild.proto, Google's page "Build configuration file schema", gcloud's message
classes, and cloud-build-local's validate.go for limits that the page does not give (`strict=False`:
crossing one is a warning, as the service's own number is not known).
"""

from __future__ import annotations

from enum import Enum

from ctr_ci.value import value


class Kind(Enum):
    """What a field holds, other than a message."""

    TEXT = "text"
    BOOL = "true or false"
    INT = "a whole number"
    DURATION = "a duration such as 600s"
    PAIRS = "a map of text to text"
    ANY = "anything"


@value
class Field:
    """One field. `name` is the camelCase spelling; snake_case is accepted everywhere.

    `type` is a `Kind` or the name of a message in `MESSAGES`; `many` makes it a list of that.
    `most` limits entries, `longest` the characters of each text, `range` whole numbers.
    `output` fields are set by the service and ignored on input. `local` fields have an effect in
    a local run; the others are checked and recorded. `says` is one sentence for people.
    """

    name: str
    type: Kind | str
    says: str
    many: bool = False
    required: bool = False
    substitutes: bool = False
    output: bool = False
    local: bool = False
    choices: tuple[str, ...] = ()
    most: int | None = None
    longest: int | None = None
    strict: bool = True
    range: tuple[int, int] | None = None

    @property
    def snake(self) -> str:
        """The other spelling that Google reads: `waitFor` is also `wait_for`."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in self.name)


TEXT, BOOL, INT, DURATION, PAIRS, ANY = Kind

STEPS_MOST = 300
ARGS_MOST = 100
ARG_LONGEST = 10_000
SUBSTITUTIONS_MOST = 200
KEY_LONGEST_BYTES = 100
VALUE_LONGEST_BYTES = 4_000
TIMEOUT_MOST_H = 24
TIMEOUT_DEFAULT_S = 3600

_STATUS = "Set by the service."


def _out(name: str, kind: Kind | str = ANY) -> Field:
    return Field(name, kind, _STATUS, output=True)


BUILD = (
    Field("steps", "BuildStep", "What to do, each in a container.", True, True, local=True, most=STEPS_MOST),
    Field("timeout", DURATION, "How long the build may take; 3600s unless given, at most 24h.", local=True),
    Field("queueTtl", DURATION, "How long the build may wait in Google's queue."),
    Field(
        "images",
        TEXT,
        "Images that must exist after the steps, and are pushed.",
        many=True,
        substitutes=True,
        local=True,
        most=100,
        longest=1000,
        strict=False,
    ),
    Field("artifacts", "Artifacts", "Files and packages to upload after the steps.", local=True),
    Field("options", "BuildOptions", "Settings of the whole build.", local=True),
    Field(
        "substitutions", PAIRS, "Values of `$_NAME` in the other fields.", local=True, most=SUBSTITUTIONS_MOST
    ),
    Field(
        "tags",
        TEXT,
        "Labels of the build (not of images).",
        many=True,
        substitutes=True,
        local=True,
        most=64,
        strict=False,
    ),
    Field(
        "secrets",
        "Secret",
        "Secrets encrypted with Cloud KMS (the old form).",
        many=True,
        local=True,
        most=100,
    ),
    Field("availableSecrets", "Secrets", "Secrets of Secret Manager or Cloud KMS.", local=True),
    Field(
        "serviceAccount", TEXT, "Who the build runs as: projects/P/serviceAccounts/EMAIL.", substitutes=True
    ),
    Field("logsBucket", TEXT, "The gs:// bucket of the logs.", substitutes=True),
    Field("source", "Source", "Where the source comes from; gcloud accepts it with --no-source only."),
    Field("dependencies", "Dependency", "What is fetched before the steps.", many=True),
    Field("gitConfig", "GitConfig", "How git reaches its server."),
    Field("remoteConfig", TEXT, "A config in Google's storage, instead of steps."),
    _out("id", TEXT),
    _out("name", TEXT),
    _out("projectId", TEXT),
    _out("status", TEXT),
    _out("statusDetail", TEXT),
    _out("createTime", TEXT),
    _out("startTime", TEXT),
    _out("finishTime", TEXT),
    _out("logUrl", TEXT),
    _out("results"),
    _out("timing"),
    _out("sourceProvenance"),
    _out("buildTriggerId", TEXT),
    _out("approval"),
    _out("warnings"),
    _out("failureInfo"),
)

STEP = (
    Field(
        "name",
        TEXT,
        "The image that the step runs in.",
        required=True,
        substitutes=True,
        local=True,
        longest=1000,
        strict=False,
    ),
    Field(
        "args",
        TEXT,
        "Arguments of the entrypoint; no shell reads them.",
        many=True,
        substitutes=True,
        local=True,
        most=ARGS_MOST,
        longest=ARG_LONGEST,
    ),
    Field(
        "env",
        TEXT,
        "Environment variables, each KEY=VALUE.",
        many=True,
        substitutes=True,
        local=True,
        most=100,
        longest=1000,
        strict=False,
    ),
    Field("secretEnv", TEXT, "Names of environment variables that hold secrets.", many=True, local=True),
    Field(
        "dir",
        TEXT,
        "The working directory: relative to /workspace, or absolute.",
        substitutes=True,
        local=True,
        longest=1000,
        strict=False,
    ),
    Field("id", TEXT, "The step's name for waitFor and the log: unique, free text.", local=True),
    Field(
        "waitFor",
        TEXT,
        "Ids of earlier steps that must have passed; absent: all earlier steps; '-': none.",
        many=True,
        local=True,
    ),
    Field("entrypoint", TEXT, "The program, instead of the image's own.", substitutes=True, local=True),
    Field("script", TEXT, "A script instead of args; /bin/sh unless its first line is a #!.", local=True),
    Field("automapSubstitutions", BOOL, "Whether substitutions are environment variables too.", local=True),
    Field("volumes", "Volume", "Folders kept from step to step.", many=True, local=True),
    Field("timeout", DURATION, "How long the step may take.", local=True),
    Field("allowFailure", BOOL, "Whether the build goes on when this step fails.", local=True),
    Field(
        "allowExitCodes",
        INT,
        "The exit codes that are forgiven; wins over allowFailure.",
        many=True,
        local=True,
        range=(0, 255),
    ),
    Field("results", "StepResult", "Results that the step declares.", many=True),
    _out("status", TEXT),
    _out("timing"),
    _out("pullTiming"),
    _out("exitCode", INT),
)

OPTIONS = (
    Field(
        "env",
        TEXT,
        "Environment variables of all steps; a step's own win.",
        many=True,
        substitutes=True,
        local=True,
        most=100,
        longest=1000,
        strict=False,
    ),
    Field("secretEnv", TEXT, "Secrets of all steps.", many=True, local=True),
    Field("volumes", "Volume", "Folders that all steps see.", many=True, local=True),
    Field(
        "substitutionOption",
        TEXT,
        "Whether every substitution must be defined and used; triggers are always loose.",
        local=True,
        choices=("MUST_MATCH", "ALLOW_LOOSE"),
    ),
    Field(
        "dynamicSubstitutions",
        BOOL,
        "Whether substitution values may refer to others and use bash expansions.",
        local=True,
    ),
    Field(
        "automapSubstitutions",
        BOOL,
        "Whether substitutions are environment variables of all steps.",
        local=True,
    ),
    Field(
        "machineType",
        TEXT,
        "The worker's machine.",
        choices=(
            "UNSPECIFIED",
            "N1_HIGHCPU_8",
            "N1_HIGHCPU_32",
            "E2_HIGHCPU_8",
            "E2_HIGHCPU_32",
            "E2_MEDIUM",
            "E2_STANDARD_2",
        ),
    ),
    Field("diskSizeGb", INT, "The worker's disk.", range=(0, 4000)),
    Field("pool", "PoolOption", "The worker pool."),
    Field("workerPool", TEXT, "The worker pool (deprecated).", substitutes=True),
    Field(
        "logging",
        TEXT,
        "Where logs go.",
        choices=(
            "LOGGING_UNSPECIFIED",
            "LEGACY",
            "GCS_ONLY",
            "CLOUD_LOGGING_ONLY",
            "STACKDRIVER_ONLY",
            "NONE",
        ),
    ),
    Field(
        "logStreamingOption",
        TEXT,
        "Whether logs are streamed to the bucket.",
        choices=("STREAM_DEFAULT", "STREAM_ON", "STREAM_OFF"),
    ),
    Field(
        "defaultLogsBucketBehavior",
        TEXT,
        "Which bucket logs go to.",
        choices=(
            "DEFAULT_LOGS_BUCKET_BEHAVIOR_UNSPECIFIED",
            "REGIONAL_USER_OWNED_BUCKET",
            "LEGACY_BUCKET",
        ),
    ),
    Field(
        "requestedVerifyOption", TEXT, "Whether provenance is demanded.", choices=("NOT_VERIFIED", "VERIFIED")
    ),
    Field(
        "sourceProvenanceHash",
        TEXT,
        "Hashes of the source to record.",
        many=True,
        choices=("NONE", "SHA256", "MD5", "GO_MODULE_H1", "SHA512", "DIRSUM_SHA256"),
    ),
    Field("enableStructuredLogging", BOOL, "Whether JSON lines in the log become entries."),
    Field("pubsubTopic", TEXT, "Where the build's changes are announced."),
    Field(
        "dockerDaemon",
        TEXT,
        "The engine of the steps.",
        choices=("NO_DOCKER", "NON_PRIVILEGED", "PRIVILEGED"),
    ),
    Field("cluster", ANY, "A cluster to run in."),
    Field("anthosCluster", ANY, "An Anthos cluster to run in."),
)

ARTIFACTS = (
    Field(
        "images",
        TEXT,
        "As the top level's images.",
        many=True,
        substitutes=True,
        local=True,
        most=100,
        strict=False,
    ),
    Field("objects", "Objects", "Files to upload to a bucket.", local=True),
    Field("mavenArtifacts", "MavenArtifact", "Maven packages.", many=True),
    Field("pythonPackages", "PythonPackage", "Python packages.", many=True),
    Field("npmPackages", "NpmPackage", "npm packages.", many=True),
    Field("goModules", "GoModule", "Go modules.", many=True),
    Field("oci", "Oci", "Images as OCI layouts.", many=True),
    Field("genericArtifacts", "GenericArtifact", "Folders of files.", many=True),
    Field("volumes", "Volume", "Volumes that hold artifacts.", many=True),
)


def _texts(names: str, says: str) -> tuple[Field, ...]:
    """Text fields that substitute and mean nothing to a local run; `name*` is a list."""
    return tuple(
        Field(name.rstrip("*"), TEXT, says, many=name.endswith("*"), substitutes=True)
        for name in names.split()
    )


MESSAGES: dict[str, tuple[Field, ...]] = {
    "Build": BUILD,
    "BuildStep": STEP,
    "BuildOptions": OPTIONS,
    "Artifacts": ARTIFACTS,
    "Volume": (
        Field("name", TEXT, "The volume's name.", required=True, local=True),
        Field("path", TEXT, "Where the step sees it: absolute.", required=True, local=True),
    ),
    "Objects": (
        Field("location", TEXT, "A gs:// folder.", substitutes=True, local=True),
        Field(
            "paths",
            TEXT,
            "Globs below /workspace.",
            many=True,
            substitutes=True,
            local=True,
            most=100,
            strict=False,
        ),
    ),
    "MavenArtifact": _texts(
        "repository path deployFolder artifactId groupId version", "Of a Maven package to upload."
    ),
    "PythonPackage": _texts("repository paths*", "Of Python packages to upload."),
    "NpmPackage": _texts("repository packagePath", "Of an npm package to upload."),
    "GoModule": _texts(
        "repositoryName repositoryLocation repositoryProjectId sourcePath modulePath moduleVersion",
        "Of a Go module to upload.",
    ),
    "Oci": _texts("file registryPath tags*", "Of an OCI layout to upload."),
    "GenericArtifact": _texts("folder registryPath", "Of a folder to upload."),
    "Secret": (
        Field("kmsKeyName", TEXT, "The key that decrypts.", substitutes=True, local=True),
        Field("secretEnv", PAIRS, "Variable name to ciphertext in base64.", local=True),
    ),
    "Secrets": (
        Field("secretManager", "SecretManagerSecret", "Secrets of Secret Manager.", many=True, local=True),
        Field("inline", "InlineSecret", "Secrets encrypted with Cloud KMS.", many=True, local=True),
    ),
    "SecretManagerSecret": (
        Field(
            "versionName",
            TEXT,
            "projects/P/secrets/S/versions/V.",
            required=True,
            substitutes=True,
            local=True,
        ),
        Field("env", TEXT, "The variable that gets the value.", required=True, local=True),
    ),
    "InlineSecret": (
        Field("kmsKeyName", TEXT, "The key that decrypts.", substitutes=True, local=True),
        Field("envMap", PAIRS, "Variable name to ciphertext in base64.", local=True),
    ),
    "PoolOption": (
        Field("name", TEXT, "The pool's resource name.", substitutes=True),
        Field("workerConfig", ANY, "The pool's workers."),
    ),
    "StepResult": (
        Field("name", TEXT, "The result's name."),
        Field("attestationContent", TEXT, "What is attested."),
        Field("attestationType", TEXT, "The kind of attestation."),
    ),
    "Source": (
        Field("storageSource", "StorageSource", "An archive in a bucket."),
        Field("repoSource", "RepoSource", "A Cloud Source repository.", local=True),
        Field("gitSource", "GitSource", "A git repository."),
        Field("storageSourceManifest", ANY, "A manifest in a bucket."),
        Field("connectedRepository", "ConnectedRepository", "A connected repository."),
        Field("developerConnectConfig", "DeveloperConnect", "A Developer Connect repository."),
    ),
    "StorageSource": (
        *_texts("bucket object generation", "Of an archive in a bucket."),
        Field(
            "sourceFetcher",
            TEXT,
            "The tool that fetches it.",
            choices=("SOURCE_FETCHER_UNSPECIFIED", "GSUTIL", "GCS_FETCHER"),
        ),
    ),
    "RepoSource": (
        *_texts("projectId repoName branchName tagName commitSha", "Of a Cloud Source repository."),
        Field("dir", TEXT, "The folder in which steps run.", local=True),
        Field("invertRegex", BOOL, "Whether the branch or tag must not match."),
        Field("substitutions", PAIRS, "Substitutions of the triggered build."),
    ),
    "GitSource": _texts("url dir revision", "Of a git repository."),
    "ConnectedRepository": _texts("repository dir revision", "Of a connected repository."),
    "DeveloperConnect": _texts("gitRepositoryLink dir revision", "Of a Developer Connect repository."),
    "Dependency": (
        Field("empty", BOOL, "Nothing is fetched."),
        Field("gitSource", "DependencyGitSource", "A git repository."),
        Field("genericArtifact", "DependencyArtifact", "A generic artifact."),
    ),
    "DependencyGitSource": (
        Field("repository", "DependencyRepository", "Which repository."),
        Field("revision", TEXT, "Which revision.", substitutes=True),
        Field("recurseSubmodules", BOOL, "Whether submodules come along."),
        Field("depth", INT, "How much history; 1 unless given, -1 for all."),
        Field("destPath", TEXT, "Where it goes.", substitutes=True),
        Field("fetchTags", BOOL, "Whether tags come along."),
    ),
    "DependencyRepository": _texts("url developerConnect", "Of a git repository."),
    "DependencyArtifact": _texts("resource destPath", "Of a generic artifact."),
    "GitConfig": (Field("http", "GitHttp", "Of git over HTTP."),),
    "GitHttp": (
        Field("proxySecretVersionName", TEXT, "The secret that holds the proxy's URL."),
        Field("proxySslCaInfo", ANY, "The proxy's certificate."),
    ),
}


def find(message: str, name: str) -> Field | None:
    """The field of a message by either spelling."""
    return next((field for field in MESSAGES[message] if name in (field.name, field.snake)), None)
