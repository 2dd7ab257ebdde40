"""Data: which image a program ships on, for the image that it was built on. Same libc, same release."""

from __future__ import annotations

import re

from ctr_ci.lint import Image

SUITES = ("trixie", "bookworm", "bullseye", "buster", "stretch", "jammy", "noble", "focal")
UBUNTU = ("jammy", "noble", "focal")
DISTROLESS = "gcr.io/distroless/static-debian12"
IN_DISTROLESS = frozenset(["ca-certificates", "tzdata"])  # distroless, "base/README.md"
DISTRIBUTIONS = frozenset(
    [
        "debian",
        "ubuntu",
        "alpine",
        "fedora",
        "rockylinux",
        "almalinux",
        "centos",
        "amazonlinux",
        "oraclelinux",
    ]
)
# Tags of Debian and Ubuntu -> the minor version of their Python 3.
PYTHONS = (
    (("trixie", "13"), "13"),
    (("bookworm", "12"), "11"),
    (("bullseye", "11"), "9"),
    (("noble", "24.04"), "12"),
    (("jammy", "22.04"), "10"),
    (("focal", "20.04"), "8"),
)
DEBIAN_BASED = frozenset(["python", "node", "openjdk", "ruby", "perl", "php", "golang", "rust", "gcc"])
_ALPINE = re.compile(r"alpine(\d+\.\d+)?")
_VERSION = re.compile(r"^(\d+)(?:\.(\d+))?")
# image -> (its first version on a Debian release, the release); what is older is not guessed.
_DEFAULTS = {
    "golang": (((1, 25), "trixie"), ((1, 21), "bookworm")),
    "rust": (((1, 90), "trixie"), ((1, 72), "bookworm")),
    "gcc": (((15, 0), "trixie"), ((12, 0), "bookworm")),
}


def debian(name: str, tag: str) -> tuple[str, str]:
    """The Debian or Alpine image below a tag of an official compiler image, and a note where it was
    guessed; "" when it is not known."""
    alpine = _ALPINE.search(tag)
    if alpine:
        return (
            (f"alpine:{alpine.group(1)}", "") if alpine.group(1) else ("alpine", "the tag names no release")
        )
    for suite in SUITES:
        if suite in tag.split("-"):
            return (f"ubuntu:{suite}" if suite in UBUNTU else f"debian:{suite}-slim"), ""
    version = _VERSION.match(tag)
    known = _DEFAULTS.get(name, ())
    if version is None:
        if known and tag in ("", "latest"):
            return f"debian:{known[0][1]}-slim", f"{name}:{tag or 'latest'} is taken to be on {known[0][1]}"
        return "", ""
    number = (int(version.group(1)), int(version.group(2) or 999))
    for first, suite in known:
        if number >= first:
            return f"debian:{suite}-slim", f"{name}:{tag} is taken to be on {suite}"
    return "", ""


def slim(image: Image) -> str:
    """The -slim variant of an interpreter's image, in the same registry; the same where it is small
    already."""
    words = image.tag.split("-")
    if "slim" in words or any(word.startswith("alpine") for word in words):
        return image.text
    name = image.text.partition("@")[0].removesuffix(f":{image.tag}")
    return f"{name}:{image.tag}-slim" if image.tag and image.tag != "latest" else f"{name}:slim"


def java(text: str) -> str:
    """The -jre image of the major version that a JDK, Maven or Gradle image names; "" for none."""
    found = re.search(r"(?:temurin-|jdk-?|corretto-|openjdk-|openjdk:|temurin:|corretto:)(\d+)", text)
    if found is None:
        return ""
    return f"eclipse-temurin:{found.group(1)}-jre" + ("-alpine" if "alpine" in text else "")


# Library packages of Debian 12 (bookworm): -dev package -> what its programs need when they run.
LIBRARIES = {
    "libpq-dev": "libpq5",
    "libssl-dev": "libssl3",
    "zlib1g-dev": "zlib1g",
    "libffi-dev": "libffi8",
    "libxml2-dev": "libxml2",
    "libxslt1-dev": "libxslt1.1",
    "libcurl4-openssl-dev": "libcurl4",
    "libcurl4-gnutls-dev": "libcurl3-gnutls",
    "libsqlite3-dev": "libsqlite3-0",
    "libjpeg-dev": "libjpeg62-turbo",
    "libjpeg62-turbo-dev": "libjpeg62-turbo",
    "libpng-dev": "libpng16-16",
    "libzip-dev": "libzip4",
    "libyaml-dev": "libyaml-0-2",
    "libevent-dev": "libevent-2.1-7",
    "libpcre2-dev": "libpcre2-8-0",
    "libicu-dev": "libicu72",
    "libmariadb-dev": "libmariadb3",
    "default-libmysqlclient-dev": "libmariadb3",
    "libreadline-dev": "libreadline8",
    "libncurses-dev": "libncursesw6",
    "libncurses5-dev": "libncursesw6",
    "libgmp-dev": "libgmp10",
    "libbz2-dev": "libbz2-1.0",
    "liblzma-dev": "liblzma5",
    "libuv1-dev": "libuv1",
}
# Those whose run-time package has the same name in Debian 11 to 13 and in Ubuntu.
UNCHANGING = frozenset(
    [
        *("libpq-dev", "zlib1g-dev", "libyaml-dev", "libmariadb-dev", "libsqlite3-dev", "libgmp-dev"),
        *("libbz2-dev", "liblzma-dev", "default-libmysqlclient-dev", "libxslt1-dev", "libpcre2-dev"),
    ]
)
# Alpine's are named by their -dev package, but for these.
ALPINE_LIBRARIES = {
    "zlib-dev": "zlib",
    "openssl-dev": "openssl",
    "postgresql-dev": "libpq",
    "libpq-dev": "libpq",
    "sqlite-dev": "sqlite-libs",
    "mariadb-dev": "mariadb-connector-c",
    "ncurses-dev": "ncurses-libs",
    "curl-dev": "libcurl",
    "icu-dev": "icu-libs",
    "jpeg-dev": "libjpeg-turbo",
    "linux-headers": "",
}


def library(manager: str, package: str, base: str) -> str | None:
    """The run-time package of a -dev package ("" for none); None where that is not known."""
    if manager == "apk":
        return ALPINE_LIBRARIES.get(package, package.removesuffix("-dev"))
    if "bookworm" in base or base.startswith("debian:12"):
        return LIBRARIES.get(package)
    return LIBRARIES.get(package) if manager == "apt" and package in UNCHANGING else None
