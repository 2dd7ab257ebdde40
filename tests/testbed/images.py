"""Base images without a pull: made from Debian's packages, named as the images they stand in for.

Each is kept in the engine as `ctr-ci.test/NAME:CONTENT` and then gets the foreign names, unless
the engine has an image of such a name already: that one is used and never replaced. All carry the
label LABEL. A stand-in has the shell and tools that tests use, not the original's content.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

from testbed import api
from testbed.debian import KEYRING, Missing, cache, command, docker_of, needed

LABEL = "ctr-ci.testbed"
BUSYBOX = "busybox:latest"
ALPINE = "alpine:latest"
DEBIAN = "debian:bookworm"
DOCKER_BUILDER = "gcr.io/cloud-builders/docker:latest"
GIT_BUILDER = "gcr.io/cloud-builders/git:latest"
GCLOUD_BUILDER = "gcr.io/cloud-builders/gcloud:latest"
ALIASES = {
    BUSYBOX: (),
    ALPINE: ("alpine:3.19",),
    DEBIAN: ("debian:bookworm-slim", "debian:12"),
    DOCKER_BUILDER: (),
    GIT_BUILDER: (),
    GCLOUD_BUILDER: ("gcr.io/google.com/cloudsdktool/cloud-sdk:latest",),
}
# name -> packages of a Debian base with a toolchain
TOOLCHAINS = {
    "curl": ("curl", "ca-certificates"),
    "git": ("git", "ca-certificates"),
    "sshd": ("openssh-server",),
    "python": ("python3", "python3-pip", "python3-venv"),
    "gcc": ("gcc", "libc6-dev", "make"),
    "node": ("nodejs", "npm"),
    "go": ("golang-go",),
    "rust": ("rustc", "cargo"),
    "java": ("openjdk-17-jdk-headless",),
    "maven": ("openjdk-17-jdk-headless", "maven"),
}
STUB_APK = b"""#!/bin/sh
# Stands in for Alpine's package manager: says yes, installs nothing.
case "$1" in --version) echo "apk-tools 2.14.0 (stand-in)" ;; esac
exit 0
"""
STUB_GCLOUD = b"""#!/bin/sh
# Stands in for gcloud: canned answers, no cloud.
case "$*" in
  *"get-value project"*) echo stand-in-project ;;
  *--version*) echo "Google Cloud SDK 0.0.0 (stand-in)" ;;
  *) echo "gcloud $*" ;;
esac
"""


def ensure_busybox(engine: str) -> str:
    return _ensure(
        engine, BUSYBOX, lambda: [*_busybox()], ('CMD ["sh"]', "ENV PATH=/bin:/usr/bin:/sbin:/usr/sbin")
    )


def ensure_alpine(engine: str) -> str:
    """Busybox with a stub `apk` and Alpine's /etc files."""
    release = b'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.0\nPRETTY_NAME="Alpine Linux (stand-in)"\n'
    more = [
        _file("sbin/apk", STUB_APK, 0o755),
        _file("etc/os-release", release),
        _file("etc/alpine-release", b"3.19.0\n"),
    ]
    return _ensure(
        engine,
        ALPINE,
        lambda: [*_busybox(), *more],
        ('CMD ["/bin/sh"]', "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
    )


def ensure_docker_builder(engine: str) -> str:
    """`gcr.io/cloud-builders/docker`: a docker command line as the entry point; sh and bash inside."""
    docker = command("docker")
    return _ensure(
        engine,
        DOCKER_BUILDER,
        lambda: [*_busybox(), *_programs({"usr/bin/docker": docker, "bin/bash": "/bin/bash"})],
        ('ENTRYPOINT ["/usr/bin/docker"]', "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
    )


def ensure_newer_docker_builder(engine: str, suite: str) -> str:
    """A builder with the docker command line, buildx and compose of a Debian release."""
    tree, plugins = docker_of(suite), "usr/libexec/docker/cli-plugins"
    programs = ("usr/bin/docker", f"{plugins}/docker-buildx", f"{plugins}/docker-compose")
    name = f"ctr-ci.test/docker-{suite}:latest"
    return _ensure(
        engine,
        name,
        lambda: [*_busybox(), *_programs({path: str(tree / path) for path in programs})],
        ('ENTRYPOINT ["/usr/bin/docker"]', "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
    )


def ensure_gcloud_builder(engine: str) -> str:
    return _ensure(
        engine,
        GCLOUD_BUILDER,
        lambda: [
            *_busybox(),
            _file("usr/bin/gcloud", STUB_GCLOUD, 0o755),
            *_programs({"bin/bash": "/bin/bash"}),
        ],
        ('ENTRYPOINT ["/usr/bin/gcloud"]', "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
    )


def ensure_git_builder(engine: str) -> str:
    """`gcr.io/cloud-builders/git`, from the Debian base."""
    if api.image_id(engine, GIT_BUILDER) is None:
        made = ensure_toolchain(engine, "git")
        entry = f'FROM {made}\nENTRYPOINT ["git"]\n'.encode()
        api.build_image(engine, GIT_BUILDER, _tar([_file("Dockerfile", entry)]), {LABEL: "git-builder"})
    return GIT_BUILDER


def ensure_debian(engine: str) -> str:
    """Debian minbase with apt that works inside builds. 20 s the first time, then cached."""
    kept = f"ctr-ci.test/debian:{_key(_bootstrap_arguments(), _debian_hooks())}"
    if _wanted(engine, DEBIAN, kept):
        with _alone():
            if api.image_id(engine, kept) is None:
                changes = (
                    'CMD ["bash"]',
                    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                )
                api.add_image(engine, kept, _chunks(_debian_tar()), (*changes, f"LABEL {LABEL}=debian"))
            _name(engine, kept, DEBIAN)
    return DEBIAN


def ensure_toolchain(engine: str, name: str) -> str:
    """The Debian base with the packages of TOOLCHAINS[name]; the image's name."""
    base = ensure_debian(engine)
    packages = " ".join(TOOLCHAINS[name])
    install = f"apt-get install -y --no-install-recommends {packages}"
    run = f"apt-get update && {install} && rm -rf /var/lib/apt/lists/*"
    dockerfile = f"FROM {base}\nRUN {run}\n".encode()
    kept = f"ctr-ci.test/{name}:{_key(dockerfile.decode(), api.image_id(engine, base) or '')}"
    with _alone():
        if api.image_id(engine, kept) is None:
            api.build_image(engine, kept, _tar([_file("Dockerfile", dockerfile)]), {LABEL: name})
    return kept


def forget(engine: str) -> int:
    """Removes every image of the test bed from an engine; how many."""
    made = api.labelled(engine, LABEL)
    for image in made:
        api.call(engine, "DELETE", f"/images/{image}?force=1")
    return len(made)


def copy_image(engine: str, to: str, name: str) -> None:
    """Copies an image of one engine into another."""
    archive = api.call(engine, "GET", f"/images/{name}/get")
    api.call(to, "POST", "/images/load?quiet=1", archive, "application/x-tar")


Entry = tuple[tarfile.TarInfo, bytes]


def _ensure(engine: str, name: str, entries: Callable[[], list[Entry]], changes: tuple[str, ...]) -> str:
    tar = _tar(entries())
    short = name.rpartition(":")[0].replace("gcr.io/cloud-builders/", "builder-").removeprefix("ctr-ci.test/")
    kept = f"ctr-ci.test/{short}:{hashlib.sha256(tar + repr(changes).encode()).hexdigest()[:12]}"
    if _wanted(engine, name, kept):
        with _alone():
            if api.image_id(engine, kept) is None:
                api.add_image(engine, kept, tar, (*changes, f"LABEL {LABEL}={short}"))
            _name(engine, kept, name)
    return name


def _wanted(engine: str, name: str, kept: str) -> list[str]:
    """The names that do not point at `kept` yet and may: nobody else's image has them."""
    want = api.image_id(engine, kept)
    return [
        each
        for each in (name, *ALIASES.get(name, ()))
        if (has := api.image_id(engine, each)) is None or (has != want and api.has_label(engine, each, LABEL))
    ]


def _name(engine: str, kept: str, name: str) -> None:
    for each in _wanted(engine, name, kept):
        api.tag(engine, kept, each)


def _busybox() -> Iterator[Entry]:
    """A root file system of busybox: one file, a link an applet, and the folders programs expect."""
    binary = Path(command("busybox")).read_bytes()
    listed = subprocess.run([command("busybox"), "--list-full"], capture_output=True, text=True, check=True)
    for folder in (
        "bin",
        "dev",
        "etc",
        "home",
        "lib",
        "proc",
        "root",
        "sbin",
        "sys",
        "usr",
        "usr/bin",
        "usr/sbin",
        "var",
    ):
        yield _folder(folder)
    yield _folder("tmp", 0o1777)
    yield _file("bin/busybox", binary, 0o755)
    yield _file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    yield _file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    # Everything in /bin, as the image of that name has it; and where Debian and Alpine look for it.
    paths = {path.lstrip("/") for path in listed.stdout.split()}
    paths |= {f"bin/{path.rpartition('/')[2]}" for path in paths}
    for path in sorted(paths - {"bin/busybox", "usr/bin/busybox"}):
        yield _link(path, "/bin/busybox")


def _programs(programs: dict[str, str]) -> Iterator[Entry]:
    """Programs of this machine with the shared libraries that they load."""
    libraries: dict[str, str] = {}
    for source in programs.values():
        listed = subprocess.run(
            ["ldd", source], capture_output=True, text=True, check=False
        )  # 1: it is static
        for line in listed.stdout.splitlines():
            path = next((word for word in line.split() if word.startswith("/")), None)
            if path:
                libraries[path.lstrip("/")] = path
    for folder in sorted({str(parent) for path in (*libraries, *programs) for parent in Path(path).parents}):
        if folder not in (".", "bin", "lib", "usr", "usr/bin"):
            yield _folder(folder)
    for path, source in sorted((programs | libraries).items()):
        yield _file(path, Path(source).resolve().read_bytes(), 0o755)


def _debian_tar() -> Path:
    """The base's tar in the cache folder, made there if need be."""
    tar = cache() / f"debian-{_key(_bootstrap_arguments(), _debian_hooks())}.tar"
    if tar.exists():
        return tar
    needed("mmdebstrap", KEYRING)
    scratch = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()  # dpkg syncs each file
    with tempfile.TemporaryDirectory(dir=scratch) as work:
        made = Path(work, "base.tar")
        done = subprocess.run(
            [command("mmdebstrap"), *_bootstrap_arguments(), *_debian_hooks(), "bookworm", str(made)],
            env=os.environ | {"TMPDIR": work, "SOURCE_DATE_EPOCH": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Missing(f"mmdebstrap failed:\n{done.stderr[-2000:]}")
        aside = tar.with_suffix(f".{os.getpid()}")
        aside.write_bytes(made.read_bytes())
        aside.replace(tar)
    return tar


def _bootstrap_arguments() -> tuple[str, ...]:
    excluded = ("man/*", "doc/*", "locale/*", "info/*", "lintian/*")
    return (
        "--quiet",
        "--variant=minbase",
        "--include=ca-certificates",
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{each}" for each in excluded),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    )


def _debian_hooks() -> tuple[str, ...]:
    apt = (
        r"Acquire::Languages \"none\"; APT::Install-Recommends \"0\"; Dir::Cache::pkgcache \"\";"
        r" Dir::Cache::srcpkgcache \"\";"
        r" DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb || true\"; };"
    )
    return (
        '--customize-hook=mkdir -p "$1/usr/share/man/man1" "$1/etc/dpkg/dpkg.cfg.d"',
        '--customize-hook=echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/force-unsafe-io"',
        f'--customize-hook=echo "{apt}" > "$1/etc/apt/apt.conf.d/90testbed"',
        # Packages are fetched over https inside builds too: the machine's own authorities come along.
        '--customize-hook=cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"',
        '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin',
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as tar:
        while chunk := tar.read(1 << 20):
            yield chunk


def _key(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


class _alone:
    """Two test runs must not make the same image at the same time."""

    def __enter__(self) -> None:
        self._lock = Path(tempfile.gettempdir(), "ctr-ci-testbed-images.lock").open("w")
        flock(self._lock, LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._lock.close()


def _info(path: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.mode, info.mtime, info.uid, info.gid = mode, 0, 0, 0
    return info


def _file(path: str, content: bytes, mode: int = 0o644) -> Entry:
    info = _info(path, mode)
    info.size = len(content)
    return info, content


def _folder(path: str, mode: int = 0o755) -> Entry:
    info = _info(path, mode)
    info.type = tarfile.DIRTYPE
    return info, b""


def _link(path: str, to: str) -> Entry:
    info = _info(path, 0o777)
    info.type, info.linkname = tarfile.SYMTYPE, to
    return info, b""


def _tar(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in {info.name: (info, content) for info, content in entries}.values():
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
