"""Image references as far as a linter needs them: name, tag, digest, and which distribution it is."""

from __future__ import annotations

from ctr_ci.value import value


@value
class Image:
    """`registry` "" is Docker Hub; `path` is without it ("library/" dropped); `tag` and `digest` "" for
    none. `name` is the last part of the path."""

    text: str
    registry: str
    path: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def official(self) -> bool:
        """One of Docker Hub's official images, or a well-known copy of them."""
        mirrors = ("public.ecr.aws/docker/library", "mirror.gcr.io/library")
        return (not self.registry and "/" not in self.path) or self.text.startswith(mirrors)

    @property
    def is_digest_pinned(self) -> bool:
        return bool(self.digest)


def parse(text: str) -> Image:
    """Cuts a reference as docker does: a first part with `.`, `:` or named localhost is a registry."""
    rest, _, digest = text.partition("@")
    first, slash, after = rest.partition("/")
    registry = ""
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, rest = first, after
    path, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        path, tag = rest, ""
    if registry in ("docker.io", "index.docker.io"):
        registry = ""
    return Image(text, registry, path.removeprefix("library/"), tag, digest)


# The last part of an image's path -> its distribution; what a tag says (`-alpine`) goes first.
_DISTROS = {
    "alpine": "alpine",
    "debian": "debian",
    "ubuntu": "debian",
    "buildpack-deps": "debian",
    "bitnami": "debian",
    "centos": "rpm",
    "fedora": "rpm",
    "rockylinux": "rpm",
    "almalinux": "rpm",
    "oraclelinux": "rpm",
    "amazonlinux": "rpm",
    "ubi": "rpm",
    "ubi-minimal": "rpm",
    "ubi8": "rpm",
    "ubi9": "rpm",
    "archlinux": "arch",
    "leap": "suse",
    "tumbleweed": "suse",
    "servercore": "windows",
    "nanoserver": "windows",
    "windows": "windows",
    "busybox": "busybox",
    "scratch": "scratch",
}
_DEBIAN_LANGUAGES = frozenset(
    [
        "python",
        "node",
        "golang",
        "ruby",
        "php",
        "perl",
        "rust",
        "gcc",
        "openjdk",
        "eclipse-temurin",
        "maven",
        "gradle",
        "tomcat",
        "nginx",
        "httpd",
        "postgres",
        "mysql",
        "mariadb",
        "redis",
        "mongo",
        "haproxy",
        "rabbitmq",
        "wordpress",
        "drupal",
        "jenkins",
        "elixir",
        "erlang",
        "haskell",
        "julia",
        "r-base",
        "swipl",
        "clojure",
        "elasticsearch",
        "kibana",
        "logstash",
        "neo4j",
        "cassandra",
        "solr",
        "couchdb",
    ]
)
_DEBIAN_TAGS = (
    "bookworm",
    "bullseye",
    "buster",
    "trixie",
    "stretch",
    "jammy",
    "focal",
    "noble",
    "bionic",
    "slim",
)


def distro(image: Image | None) -> str:
    """ "debian" (and Ubuntu), "alpine", "rpm", "suse", "arch", "windows", "busybox", "scratch",
    "distroless", or "" when unknown."""
    if image is None:
        return ""
    tag = image.tag.lower()
    if "windows" in image.path.lower().split("/") or any(
        w in tag for w in ("nanoserver", "windowsservercore")
    ):
        return "windows"
    if "alpine" in tag:
        return "alpine"
    if "distroless" in image.path or image.registry == "cgr.dev":
        return "distroless"
    known = _DISTROS.get(image.name)
    if known:
        return known
    if any(word in tag for word in _DEBIAN_TAGS):
        return "debian"
    return "debian" if image.official and image.name in _DEBIAN_LANGUAGES else ""
