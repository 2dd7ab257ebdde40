"""What builds software: images that carry a toolchain, packages that only build, commands that compile.

Tables with the field's facts; deciding what they mean for a file is `shipping`'s work.
"""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint.image import Image
    from ctr_ci.shell import Command


@value
class Sdk:
    """An image that holds a toolchain: the `ecosystem`, what it `holds`, what to ship on `instead`.

    `compiled` is False for languages whose programs run on an interpreter that the image is for too.
    """

    ecosystem: str
    holds: str
    instead: str
    compiled: bool = True


_GO = "the Go toolchain"
_GO_INSTEAD = "scratch or gcr.io/distroless/static-debian12 for a static binary, else debian:bookworm-slim"
_JRE = "a -jre image of the same major version, or gcr.io/distroless/java21-debian12"
_C_INSTEAD = "debian:bookworm-slim or gcr.io/distroless/cc-debian12"

_SDKS: dict[str, Sdk] = {
    "gcc": Sdk("C/C++", "gcc, g++, make and development headers", _C_INSTEAD),
    "clang": Sdk("C/C++", "clang and development headers", _C_INSTEAD),
    "silkeh/clang": Sdk("C/C++", "clang and development headers", _C_INSTEAD),
    "buildpack-deps": Sdk("C/C++", "gcc, g++, make and about 30 -dev packages", "debian:bookworm-slim"),
    "golang": Sdk("Go", _GO, _GO_INSTEAD),
    "ubi8/go-toolset": Sdk("Go", _GO, _GO_INSTEAD),
    "ubi9/go-toolset": Sdk("Go", _GO, _GO_INSTEAD),
    "rust": Sdk("Rust", "rustc, cargo and gcc", "debian:bookworm-slim or gcr.io/distroless/cc-debian12"),
    "clux/muslrust": Sdk("Rust", "rustc, cargo and musl-gcc", "scratch"),
    "maven": Sdk("Java", "Maven and a JDK", _JRE),
    "gradle": Sdk("Java", "Gradle and a JDK", _JRE),
    "sbtscala/scala-sbt": Sdk("Scala", "sbt and a JDK", _JRE),
    "hseeberger/scala-sbt": Sdk("Scala", "sbt and a JDK", _JRE),
    "dotnet/sdk": Sdk(
        ".NET", "the .NET SDK", "mcr.microsoft.com/dotnet/aspnet or runtime of the same version"
    ),
    "dotnet/core/sdk": Sdk(".NET", "the .NET SDK", "mcr.microsoft.com/dotnet/aspnet of the same version"),
    "composer": Sdk("PHP", "Composer", "php:8-fpm or -apache, with only vendor/ copied", False),
    "elixir": Sdk("Elixir", "Elixir, Erlang and their build tools", "debian:bookworm-slim with the release"),
    "erlang": Sdk("Erlang", "Erlang/OTP and its build tools", "debian:bookworm-slim with the release"),
    "hexpm/elixir": Sdk("Elixir", "Elixir and Erlang", "debian or alpine of the same release"),
    "haskell": Sdk("Haskell", "GHC, cabal and stack", "debian:bookworm-slim with libgmp10"),
    "fpco/stack-build": Sdk("Haskell", "GHC and stack", "debian:bookworm-slim with libgmp10"),
    "swift": Sdk("Swift", "the Swift compiler", "swift:slim, or debian with --static-swift-stdlib"),
    "dart": Sdk("Dart", "the Dart SDK", "scratch with the compiled program and /runtime/"),
    "google/dart": Sdk("Dart", "the Dart SDK", "scratch with the compiled program"),
    "crystallang/crystal": Sdk("Crystal", "the Crystal compiler", "alpine with the static binary"),
    "nimlang/nim": Sdk("Nim", "the Nim compiler and gcc", "debian:bookworm-slim or alpine"),
    "ocaml/opam": Sdk("OCaml", "opam and the OCaml compiler", "debian:bookworm-slim or alpine"),
    "euantorano/zig": Sdk("Zig", "the Zig compiler", "scratch"),
    "klakegg/hugo": Sdk("a static site", "Hugo", "nginx with only public/ copied"),
    "hugomods/hugo": Sdk("a static site", "Hugo", "nginx with only public/ copied"),
}
# Interpreters whose full image is buildpack-deps (gcc, make, about 30 -dev packages) plus the language.
_FULL = {
    "python": "Python",
    "node": "Node",
    "ruby": "Ruby",
    "perl": "Perl",
    "pypy": "Python",
    "keymetrics/pm2": "Node",
}
# Docker Hub's official images for one architecture.
_ARCHITECTURES = (
    "amd64/",
    "arm32v5/",
    "arm32v6/",
    "arm32v7/",
    "arm64v8/",
    "i386/",
    "mips64le/",
    "ppc64le/",
    "riscv64/",
    "s390x/",
)
# Java images whose plain tag, or whose -jdk tag, is a JDK.
_JDKS = frozenset(
    [
        "openjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "ibm-semeru-runtimes",
        "sapmachine",
        "azul/zulu-openjdk",
        "bellsoft/liberica-openjdk-debian",
        "bellsoft/liberica-openjdk-alpine",
        "adoptopenjdk",
        "java",
        "graalvm/native-image",
        "ghcr.io/graalvm/native-image-community",
        "graalvm/native-image-community",
        "graalvm/jdk-community",
    ]
)


def sdk(image: Image | None) -> Sdk | None:
    """The toolchain that an image carries by design; None for none known."""
    if image is None:
        return None
    tag = image.tag.lower()
    words = tag.split("-")
    path = image.path.removeprefix("docker/library/") if image.registry == "public.ecr.aws" else image.path
    if path.startswith(_ARCHITECTURES):
        path = path.partition("/")[2]
    if image.digest and not tag and (path in _FULL or path in _JDKS):
        return None  # its variant is not said
    if path in _FULL:
        if "slim" in words or any(word.startswith("alpine") or "server" in word for word in words):
            return None
        name = _FULL[path]
        slim = f"{path}:{tag}-slim" if tag and tag != "latest" else f"{path}:slim"
        return Sdk(name, f"{name}, and gcc, g++, make and about 30 -dev packages", slim, compiled=False)
    if path in _JDKS or path.startswith("adoptopenjdk/openjdk"):
        is_jdk = "jre" not in words and "jre" not in tag
        return Sdk("Java", "a JDK", _JRE) if is_jdk else None
    if image.name in ("alpine-java", "java", "oracle-java", "zulu-openjdk") and "jdk" in tag:
        return Sdk("Java", "a JDK", _JRE)
    if path == "buildpack-deps" and ("scm" in words or "curl" in words):
        return None
    if path in ("swift", "elixir", "erlang", "golang") and "slim" in words and path == "swift":
        return None
    if path.endswith("cuda") and "nvidia" in path and "devel" in words:
        return Sdk("CUDA", "nvcc and the CUDA headers", f"{path}:{tag.replace('devel', 'runtime')}")
    found = _SDKS.get(path)
    if (
        found is None
        and "/" in path
        and path.rpartition("/")[2] in ("golang", "maven", "gradle", "rust", "dotnet-sdk")
    ):
        found = _SDKS.get(image.name)
    return found


_EXACT = frozenset(
    [
        "build-essential",
        "gcc",
        "g++",
        "cpp",
        "clang",
        "llvm",
        "lld",
        "make",
        "cmake",
        "ninja-build",
        "ninja",
        "meson",
        "autoconf",
        "automake",
        "libtool",
        "bison",
        "flex",
        "pkg-config",
        "pkgconf",
        "dpkg-dev",
        "devscripts",
        "debhelper",
        "nasm",
        "yasm",
        "golang",
        "golang-go",
        "rustc",
        "cargo",
        "rustup",
        "ghc",
        "cabal-install",
        "default-jdk",
        "default-jdk-headless",
        "maven",
        "gradle",
        "ant",
        "node-gyp",
        "git-buildpackage",
        "build-base",
        "alpine-sdk",
        "abuild",
        "go",
        "rust",
        "samurai",
        "bsd-compat-headers",
        "linux-headers",
        "gcc-c++",
        "rpm-build",
        "base-devel",
        "kernel-devel",
        "redhat-rpm-config",
        "@development-tools",
        "devel_basis",
        "devel_c_c++",
        "gfortran",
        "scons",
        "bazel",
        "sbt",
        "leiningen",
        "g++-multilib",
        "gcc-multilib",
        "binutils",
        "python3-setuptools",
        "python3-pip-whl",
        "crystal",
        "nim",
        "zig",
        "erlang-dev",
        "dune",
        "opam",
        "dotnet-sdk-6.0",
        "dotnet-sdk-7.0",
        "dotnet-sdk-8.0",
        "dotnet-sdk-9.0",
        "dotnet-sdk-10.0",
        "swift-lang",
        "libc-dev",
        "musl-dev",
    ]
)
_SUFFIXES = ("-dev", "-devel", "-headers", "-source", "-static")
_PREFIXES = (
    "gcc-",
    "g++-",
    "clang-",
    "llvm-",
    "openjdk-",
    "golang-",
    "linux-headers-",
    "dotnet-sdk-",
    "kernel-headers",
)
# Near by name, needed at run time.
_RUNTIME = (
    "libgcc",
    "libgomp",
    "libstdc++",
    "gcompat",
    "gcc-libs",
    "clang-libs",
    "clang-format",
    "clang-tidy",
    "llvm-libs",
    "gcc-runtime",
    "linux-libc-dev",  # named alone it is a security update of what the base holds
)
# MB that a package brings on Debian 12, without and with recommended packages (our closure of 3.4).
_WEIGHTS = {
    "gcc": 204,
    "g++": 261,
    "build-essential": 268,
    "cmake": 89,
    "default-jdk-headless": 300,
    "golang-go": 465,
    "golang": 465,
    "cargo": 670,
    "npm": 419,
    "clang": 405,
    "gdb": 92,
    "ghc": 1006,
    "maven": 234,
    "python3-dev": 88,
    "libpq-dev": 17,
    "libssl-dev": 13,
}


def build_only(package: str) -> bool:
    """Whether a distribution's package serves building only. A version or release after it is ignored."""
    name = package.lower()
    for sign in ("=", "<", ">", "~", "@"):
        name = name.partition(sign)[0] if not name.startswith("@") else name
    name = name.partition("/")[0].partition(":")[0]
    if not name or name.startswith(_RUNTIME):
        return False
    if name in _EXACT or name.endswith(_SUFFIXES):
        return True
    if name.startswith(("openjdk", "java-")):
        return "jdk" in name and "jre" not in name if name.startswith("openjdk") else name.endswith("-devel")
    return name.startswith(_PREFIXES) and not name.endswith(("-doc", "-base", "-libs"))


_COMPILING = (
    "gcc",
    "g++",
    "clang",
    "golang",
    "rust",
    "cargo",
    "build-",
    "alpine-sdk",
    "base-devel",
    "make",
    "cmake",
    "ghc",
    "maven",
    "gradle",
    "ant",
    "sbt",
    "gfortran",
    "@development",
    "devel_",
    "dotnet-sdk",
    "cabal",
    "meson",
    "ninja",
    "bazel",
    "crystal",
    "nim",
    "zig",
    "go=",
    "development tools",
)


def compiler(package: str) -> bool:
    """Whether a build-only package compiles by itself: not a header package, a JDK or a debugger."""
    name = package.lower()
    return (
        name == "go" or "PHPIZE" in package or (name.startswith(_COMPILING) and not name.endswith(_SUFFIXES))
    )


def is_jdk(package: str) -> bool:
    """Whether a build-only package is a JDK, where a JRE of the same version would run what is there."""
    name = package.lower()
    return "jdk" in name or (name.startswith("java-") and name.partition("=")[0].endswith("-devel"))


_FAMILIES = (("Java", "Scala", "Clojure"), ("Elixir", "Erlang"))
_WITH_GCC = ("C/C++", "Rust", "Haskell", "Go", "Nim", "CUDA", "Swift")


def fits(made: Compile, holds: Sdk) -> bool:
    """Whether what was compiled is compiled with what the image holds."""
    if made.ecosystem == holds.ecosystem or (made.ecosystem == "C/C++" and holds.ecosystem in _WITH_GCC):
        return True
    return any(made.ecosystem in family and holds.ecosystem in family for family in _FAMILIES)


def names_a_compiler(command: str, *, bare: bool) -> bool:
    """Whether a command is a compiler or build tool: `bare` without an argument that says what it does."""
    found = _COMPILERS.get(command)
    return found is not None and (bare or not found[1])


def weight(package: str) -> int | None:
    """MB that a Debian package brings, where we have measured it."""
    return _WEIGHTS.get(package)


@value
class Compile:
    """What a command builds. `implies` names the tool that must be in the image for it to work, "" where
    the command brings its own. `artefact` says what should ship instead."""

    ecosystem: str
    what: str
    implies: str
    artefact: str


_MAKE = Compile("C/C++", "builds", "make", "only what it builds: `make install DESTDIR=/out`, then COPY /out")
_CC = Compile("C/C++", "compiles", "a C compiler", "only the binary")
_CMAKE = Compile("C/C++", "builds", "cmake", "`cmake --install build --prefix /out`, then COPY /out")
_JS = Compile("Node", "bundles", "", "dist/ and production node_modules (`npm ci --omit=dev`)")

# command -> (what it builds, verbs that count; () means any use counts)
_COMPILERS: dict[str, tuple[Compile, tuple[str, ...]]] = {
    "make": (_MAKE, ()),
    "gmake": (_MAKE, ()),
    "ninja": (_CMAKE, ()),
    "meson": (Compile("C/C++", "builds", "meson", "`meson install --destdir /out`, then COPY /out"), ()),
    "cmake": (_CMAKE, ()),
    "gcc": (_CC, ()),
    "g++": (_CC, ()),
    "cc": (_CC, ()),
    "c++": (_CC, ()),
    "clang": (_CC, ()),
    "clang++": (_CC, ()),
    "autoreconf": (_MAKE, ()),
    "bazel": (Compile("C/C++", "builds", "bazel", "the outputs below bazel-bin"), ("build", "run")),
    "b2": (_CC, ()),
    "scons": (Compile("C/C++", "builds", "scons", "only what it builds"), ()),
    "go": (
        Compile("Go", "compiles", "the Go toolchain", "the binary"),
        ("build", "install", "get", "generate"),
    ),
    "go-wrapper": (Compile("Go", "compiles", "the Go toolchain", "the binary"), ("install",)),
    "gox": (Compile("Go", "compiles", "the Go toolchain", "the binary"), ()),
    "garble": (Compile("Go", "compiles", "the Go toolchain", "the binary"), ("build",)),
    "goreleaser": (Compile("Go", "compiles", "the Go toolchain", "the binary"), ()),
    "ko": (Compile("Go", "compiles", "the Go toolchain", "the binary"), ("build",)),
    "cargo": (
        Compile("Rust", "compiles", "cargo and rustc", "target/release/NAME"),
        ("build", "install", "b", "rustc", "zigbuild", "chef"),
    ),
    "rustc": (Compile("Rust", "compiles", "rustc", "the binary"), ()),
    "mvn": (Compile("Java", "builds", "Maven and a JDK", "the jar or war of target/"), ()),
    "mvnw": (Compile("Java", "builds", "a JDK", "the jar or war of target/"), ()),
    "gradle": (Compile("Java", "builds", "Gradle and a JDK", "the jar of build/libs"), ()),
    "gradlew": (Compile("Java", "builds", "a JDK", "the jar of build/libs"), ()),
    "ant": (Compile("Java", "builds", "Ant and a JDK", "the jar or war"), ()),
    "sbt": (Compile("Scala", "builds", "sbt and a JDK", "the assembled jar"), ()),
    "lein": (
        Compile("Clojure", "builds", "Leiningen and a JDK", "the uberjar"),
        ("uberjar", "compile", "jar"),
    ),
    "mill": (Compile("Scala", "builds", "a JDK", "the assembled jar"), ()),
    "javac": (Compile("Java", "compiles", "a JDK", "the classes or a jar"), ()),
    "native-image": (Compile("Java", "compiles", "GraalVM", "the binary"), ()),
    "dotnet": (
        Compile(".NET", "builds", "the .NET SDK", "the publish folder"),
        ("publish", "build", "pack", "msbuild"),
    ),
    "msbuild": (Compile(".NET", "builds", "the .NET SDK", "the publish folder"), ()),
    "mix": (
        Compile("Elixir", "builds", "Elixir", "_build/prod/rel/NAME"),
        ("release", "compile", "escript.build"),
    ),
    "rebar3": (
        Compile("Erlang", "builds", "Erlang", "the release"),
        ("release", "compile", "as", "escriptize"),
    ),
    "stack": (Compile("Haskell", "compiles", "GHC", "the binary"), ("build", "install")),
    "cabal": (
        Compile("Haskell", "compiles", "GHC", "the binary"),
        ("build", "install", "v2-build", "new-build"),
    ),
    "ghc": (Compile("Haskell", "compiles", "GHC", "the binary"), ()),
    "swift": (Compile("Swift", "compiles", "the Swift compiler", "the binary and *.resources"), ("build",)),
    "zig": (Compile("Zig", "compiles", "zig", "the binary"), ("build", "build-exe", "cc")),
    "dart": (Compile("Dart", "compiles", "the Dart SDK", "the program"), ("compile",)),
    "crystal": (Compile("Crystal", "compiles", "crystal", "the binary"), ("build",)),
    "shards": (Compile("Crystal", "compiles", "crystal", "the binary"), ("build",)),
    "nim": (Compile("Nim", "compiles", "nim", "the binary"), ("c", "compile", "cpp")),
    "nimble": (Compile("Nim", "compiles", "nim", "the binary"), ("build",)),
    "opam": (Compile("OCaml", "compiles", "OCaml", "the binary"), ("install", "build")),
    "dune": (Compile("OCaml", "compiles", "OCaml", "the binary"), ("build",)),
    "hugo": (Compile("a static site", "renders", "hugo", "public/, on nginx"), ()),
    "mkdocs": (Compile("a static site", "renders", "mkdocs", "site/, on nginx"), ("build",)),
    "tsc": (_JS, ()),
    "webpack": (_JS, ()),
    "esbuild": (_JS, ()),
    "vite": (_JS, ("build",)),
    "next": (_JS, ("build",)),
    "nuxt": (_JS, ("build", "generate")),
    "ng": (_JS, ("build",)),
    "gulp": (_JS, ()),
    "grunt": (_JS, ()),
    "node-gyp": (Compile("Node", "compiles", "a C++ compiler", "the built module"), ()),
    "maturin": (Compile("Python", "compiles", "rustc", "the wheel"), ("build", "develop")),
    "phpize": (Compile("PHP", "compiles", "a C compiler", "the extension's .so and its .ini"), ()),
}
_NOTHING = frozenset(["--version", "-v", "-version", "--help", "-h", "version", "env", "clean", "-V"])
_SCRIPTS = ("build", "compile", "dist", "bundle", "production", "generate", "export")


def compiles(command: Command) -> Compile | None:
    """What a command compiles or bundles; None when it does not."""
    name = command.name.removesuffix(".exe").removesuffix(".sh" if command.name in ("gradlew.sh",) else "\0")
    values = [text for text in command.values if text]
    plain = [text for text in values if not text.startswith("-")]
    if name in ("npm", "yarn", "pnpm", "bun", "npx", "pnpx", "bunx"):
        return _script(name, plain)
    if name == "configure":
        return _MAKE
    if (
        name in ("python", "python3")
        and "setup.py" in plain
        and {"build", "build_ext", "bdist_wheel"} & set(plain)
    ):
        return Compile("Python", "builds", "", "the wheel")
    if name == "rails" or (name in ("rake", "bundle") and "assets:precompile" in plain):
        return Compile("Ruby", "bundles", "", "public/assets") if "assets:precompile" in plain else None
    found = _COMPILERS.get(name)
    if found is None:
        return None
    compiled, verbs = found
    java = name in ("mvn", "mvnw", "gradle", "gradlew", "sbt")
    if values and values[0] in _NOTHING and not (java and values[0] == "clean"):
        return None
    if name == "go" and "get" in plain[:1] and "-d" in values:
        return None
    if verbs:
        return compiled if any(text in verbs for text in plain[:2]) else None
    if java:
        return compiled if _builds_java(plain) else None
    if name == "cmake" and "-E" in values:
        return None
    return compiled


def _script(name: str, plain: list[str]) -> Compile | None:
    if name in ("npx", "pnpx", "bunx"):
        plain, known = plain[1:], _COMPILERS.get(plain[0]) if plain else None
        if known is None or known[0] is not _JS:
            return None
        return _JS if not known[1] or any(text in known[1] for text in plain[:1]) else None
    if not plain:
        return None
    scripts = plain[1:2] if plain[0] in ("run", "run-script", "workspace") else plain[:1]
    if name == "npm" and plain[0] not in ("run", "run-script"):
        return None
    words = [word for script in scripts for word in script.replace(":", "-").replace("_", "-").split("-")]
    return _JS if any(word in _SCRIPTS for word in words) else None


def _builds_java(goals: list[str]) -> bool:
    """Whether Maven's goals, Gradle's tasks or sbt's commands make something."""
    if not goals:
        return False
    making = (
        "package",
        "install",
        "verify",
        "compile",
        "deploy",
        "build",
        "assemble",
        "jar",
        "war",
        "assembly",
        "stage",
        "dist",
        "publish",
        "native",
        "shadow",
        "universal",
        "boot",
    )
    return any(word in goal.lower() for goal in goals for word in making)
