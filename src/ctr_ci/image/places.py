"""Data: what a path itself says of its bytes, where no package does (or whoever owns it).

Order counts: the first that matches decides. A place may name a toolchain; where the image's own
command runs that toolchain it is no build place (`CMD ["go", "run", "."]`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ctr_ci.image.share import Share


class Place(NamedTuple):
    """Everything below folders that match: `share` and why. `toolchain`: the commands (or pieces of
    path) that show the image's own command to need it, "" for none."""

    pattern: str
    share: Share
    why: str
    toolchain: str = ""


HOME = r"(?:^|.*/)"
# Below these no package's word counts: a cache is a cache, and manuals are manuals.
ALWAYS = (
    Place(r"var/lib/apt/lists/", Share.CACHE, "apt package lists"),
    Place(r"var/cache/apt/", Share.CACHE, "apt cache"),
    Place(
        r"var/cache/(?:apk|dnf|yum|zypp|libdnf5|pacman/pkg)/|etc/apk/cache/",
        Share.CACHE,
        "package manager's cache",
    ),
    Place(r"var/cache/(?:ldconfig|man|fontconfig)/", Share.CACHE, "system cache"),
    Place(HOME + r"\.cache/go-build/", Share.CACHE, "Go build cache"),
    Place(HOME + r"\.cache/(?:pip|uv|pypoetry|pdm|pipenv)/", Share.CACHE, "Python package cache"),
    Place(HOME + r"\.cache/(?:yarn|node-gyp|node|pnpm|bun)/", Share.CACHE, "Node package cache"),
    Place(HOME + r"\.cache/", Share.CACHE, "cache folder"),
    Place(HOME + r"\.npm/(?:_cacache|_logs|_npx|_prebuilds)/", Share.CACHE, "npm cache"),
    Place(
        HOME + r"(?:\.yarn(?:-cache)?/(?:cache|berry)|\.pnpm-store|\.local/share/pnpm/store)/",
        Share.CACHE,
        "Node package cache",
    ),
    Place(
        HOME + r"node_modules/\.(?:cache|vite)/|" + HOME + r"\.next/cache/",
        Share.CACHE,
        "JavaScript build cache",
    ),
    Place(HOME + r"\.m2/", Share.CACHE, "Maven cache"),
    Place(HOME + r"\.gradle/", Share.CACHE, "Gradle cache"),
    Place(HOME + r"(?:\.ivy2|\.sbt|\.coursier)/", Share.CACHE, "sbt cache"),
    Place(HOME + r"\.nuget/packages/", Share.CACHE, "NuGet cache"),
    Place(HOME + r"\.?cargo/(?:registry|git)/", Share.CACHE, "Cargo registry"),
    Place(HOME + r"go/pkg/(?:mod|sumdb)/", Share.CACHE, "Go module cache"),
    Place(
        HOME + r"(?:\.cpanm?|\.composer/cache|\.bundle/cache|\.hex|\.mix/archives)/",
        Share.CACHE,
        "package cache",
    ),
    Place(HOME + r"(?:\.ccache|\.conan2?)/", Share.CACHE, "C build cache"),
    Place(r"(?:.*/)?(?:mini|ana)?(?:conda|forge|mamba)\d*/pkgs/", Share.CACHE, "conda package cache"),
    Place(r"(?:var/)?tmp/", Share.CACHE, "temporary files"),
    Place(r"var/log/", Share.CACHE, "logs"),
    Place(r"usr/(?:local/)?share/(?:doc|gtk-doc|doc-base|lintian|linda|bug)/", Share.DOCS, "documentation"),
    Place(r"usr/(?:local/)?share/(?:man|info)/|usr/local/man/", Share.DOCS, "manual pages"),
    Place(r"usr/(?:local/)?share/locale/", Share.DOCS, "translations"),
)
# Whole toolchains, unpacked where no package manager knows of them.
TOOLCHAINS = (
    Place(r"usr/local/go/|usr/lib/go(?:-[\d.]+)?/", Share.BUILD, "Go toolchain", "go gofmt"),
    Place(HOME + r"\.?rustup/", Share.BUILD, "Rust toolchain", "cargo rustc rustup"),
    Place(r"(?:usr/share|usr/local|opt)/(?:apache-)?maven[^/]*/", Share.BUILD, "Maven", "mvn"),
    Place(r"(?:usr/share|usr/local|opt)/gradle[^/]*/", Share.BUILD, "Gradle", "gradle gradlew"),
    Place(r"(?:usr/share|usr/local|opt)/sbt[^/]*/", Share.BUILD, "sbt", "sbt"),
    Place(r"(?:.*/)?jmods/", Share.BUILD, "JDK modules", "javac jlink mvn gradle"),
    Place(
        r"(?:usr/share|usr/lib|usr/lib64|usr|opt)/dotnet/(?:sdk|packs|templates|sdk-manifests)/",
        Share.BUILD,
        ".NET SDK",
        "dotnet-sdk",
    ),
    Place(
        HOME + r"(?:\.ghcup|\.stack|\.cabal)/|opt/ghc/",
        Share.BUILD,
        "Haskell toolchain",
        "ghc runghc stack cabal",
    ),
    Place(
        r"(?:usr/local|opt)/(?:zig|swift|dart|flutter|crystal|nim)[^/]*/",
        Share.BUILD,
        "compiler",
        "zig swift dart nim",
    ),
    Place(r"opt/yarn-[^/]*/", Share.BUILD, "yarn", "yarn npm"),
    Place(HOME + r"\.(?:opam|elan|nimble|pub-cache|swiftpm)/", Share.BUILD, "toolchain"),
)
# Where no package owns the file.
UNOWNED = (
    Place(r"(?:.*/)?\.(?:git|hg|svn|bzr)/", Share.SOURCE, "version control"),
    Place(r"(?:.*/)?\.(?:github|circleci|gitlab|vscode|idea)/", Share.SOURCE, "project files"),
    Place(r"usr/(?:local/)?include/", Share.BUILD, "headers"),
    Place(r"(?:usr/(?:local/)?)?lib(?:64)?/(?:.*/)?(?:pkgconfig|cmake)/", Share.BUILD, "build descriptions"),
    Place(r"usr/(?:local/)?share/(?:pkgconfig|cmake[^/]*|aclocal[^/]*)/", Share.BUILD, "build descriptions"),
    Place(r"(?:.*/)?CMakeFiles/", Share.BUILD, "build output"),
    Place(
        r"(?:.*/)?target/(?:[\w-]+/)?(?:debug|release)/(?:deps|build|incremental|examples|\.fingerprint)/",
        Share.BUILD,
        "Cargo build output",
    ),
    Place(
        r"(?:.*/)?target/(?:classes|test-classes|generated-sources|generated-test-sources|maven-status|maven-archiver|"
        r"surefire-reports)/",
        Share.BUILD,
        "Maven build output",
        "mvn target/classes",
    ),
    Place(
        r"(?:.*/)?build/(?:tmp|intermediates|kotlin|generated|reports|test-results)/",
        Share.BUILD,
        "Gradle build output",
    ),
    Place(r"(?:.*/)?obj/(?:Debug|Release)/", Share.BUILD, ".NET build output"),
    Place(r"(?:.*/)?build/Release/(?:obj\.target|\.deps)/", Share.BUILD, "node-gyp build output"),
    Place(
        r"(?:.*/)?(?:dist-newstyle|\.eggs|zig-cache|\.zig-cache|_build/(?:dev|test))/",
        Share.BUILD,
        "build output",
    ),
    Place(r"(?!usr/)(?:.*/)?(?:tests?|__tests__|e2e|testdata|fixtures)/", Share.SOURCE, "tests"),
)

COMPILERS = {
    "C": r"(?:[\w.]+-)*(?:gcc|cc1|collect2|lto1|tcc)(?:-[\d.]+)?|clang(?:-\d+)?",
    "C++": r"(?:[\w.]+-)*(?:g\+\+|cc1plus)(?:-[\d.]+)?|clang\+\+(?:-\d+)?",
    "Fortran": r"(?:[\w.]+-)*(?:gfortran|f951)(?:-[\d.]+)?",
    "Go": r"compile|go",
    "Rust": r"rustc|librustc_driver.*\.so",
    "Java": r"javac",
    "Haskell": r"ghc(?:-[\d.]+)?",
    "Swift": r"swift-frontend|swiftc",
    "Zig": r"zig",
    "D": r"dmd|ldc2|gdc(?:-\d+)?",
    "OCaml": r"ocamlopt(?:\.opt)?|ocamlc(?:\.opt)?",
    ".NET": r"csc",
    "Erlang": r"erlc",
    "assembler and linker": r"(?:[\w.]+-)*(?:ld(?:\.(?:bfd|gold|lld))?|lld(?:-\d+)?|as|nasm|yasm)",
}
# Go's compiler is proven by where it lies: `compile` alone is anybody's word.
PROVEN_FOLDERS = {"Go": r"(?:.*/)?(?:pkg/tool/[^/]+|go(?:-[\d.]+)?/bin)"}
BUILD_PROGRAMS = re.compile(
    r"(?:[\w.]+-)*(?:ar|ranlib|nm|objdump|objcopy|readelf|strip|gcc-ar|gcc-nm|gcc-ranlib|lto-dump|gcov|cpp)(?:-[\d.]+)?"
    r"|cmake|ctest|cpack|ninja|make|gmake|meson|bazel|protoc|gdb|gdbserver|strace|ltrace|valgrind|pkg-config|pkgconf"
    r"|cargo|cargo-\w+|rustup|rustfmt|rustdoc|rust-(?:gdb|lldb|analyzer)|clippy-driver|gofmt|dlv|jar|javadoc|javap|jdeps"
    r"|jlink|jmod|jpackage|jshell|jstat|jconsole|ninja-build|autoconf|automake|libtool|bison|flex|m4"
)
PROGRAM_FOLDERS = re.compile(r"(?:.*/)?(?:bin|sbin|libexec(?:/.*)?|lib/gcc(?:/.*)?|gcc/[^/]+/[^/]+)$")

BUILD_ENDS = {
    ".a": "static libraries",
    ".la": "static libraries",
    ".o": "object files",
    ".obj": "object files",
    ".gcda": "object files",
    ".gcno": "object files",
    ".pch": "object files",
    ".gch": "object files",
    ".rlib": "static libraries",
    ".rmeta": "static libraries",
    ".hi": "object files",
    ".cmx": "object files",
    ".cmi": "object files",
    ".cmo": "object files",
    ".d": "dependency lists",
    ".jmod": "JDK modules",
}
CACHE_ENDS = {
    ".deb": "package files",
    ".rpm": "package files",
    ".apk": "package files",
    ".whl": "package files",
    ".gem": "package files",
    ".crate": "package files",
    ".pyc": "Python bytecode",
    ".pyo": "Python bytecode",
}
CACHE_NAMES = {
    "templates.dat-old": "debconf's old data",
    "config.dat-old": "debconf's old data",
    "status-old": "dpkg's old data",
    "available-old": "dpkg's old data",
    "diversions-old": "dpkg's old data",
    "statoverride-old": "dpkg's old data",
    ".bash_history": "shell history",
    ".ash_history": "shell history",
    ".python_history": "shell history",
    ".wget-hsts": "left by wget",
    ".viminfo": "left by vim",
}
# Sources that no program reads when it runs; scripts (.py, .js, .rb, .php, .pl, .sh) are the program.
SOURCE_ENDS = {
    **dict.fromkeys(
        (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inl", ".s", ".asm"), "C sources"
    ),
    **dict.fromkeys((".go",), "Go sources"),
    **dict.fromkeys((".rs",), "Rust sources"),
    **dict.fromkeys((".java", ".kt", ".kts", ".scala", ".groovy", ".gradle"), "Java sources"),
    **dict.fromkeys((".cs", ".fs", ".vb", ".csproj", ".sln"), ".NET sources"),
    **dict.fromkeys(
        (".hs", ".cabal", ".ml", ".mli", ".swift", ".zig", ".nim", ".cr", ".f90", ".pas"), "sources"
    ),
    **dict.fromkeys((".m4", ".ac", ".am", ".cmake", ".mk"), "build files"),
    **dict.fromkeys((".patch", ".diff"), "patches"),
}
TYPESCRIPT_ENDS = frozenset((".ts", ".tsx", ".mts", ".cts"))  # sources only where something compiled them
SOURCE_NAMES = {
    **dict.fromkeys(
        ("Makefile", "makefile", "GNUmakefile", "CMakeLists.txt", "configure", "meson.build"), "build files"
    ),
    **dict.fromkeys(
        ("Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "pom.xml", "mvnw", "gradlew", "build.xml"),
        "build files",
    ),
    **dict.fromkeys(
        ("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "tsconfig.json", "composer.lock"), "build files"
    ),
    **dict.fromkeys(
        (
            "requirements.txt",
            "setup.py",
            "setup.cfg",
            "pyproject.toml",
            "Pipfile",
            "Pipfile.lock",
            "poetry.lock",
            "uv.lock",
            "tox.ini",
        ),
        "build files",
    ),
    **dict.fromkeys(
        ("Dockerfile", ".dockerignore", ".gitignore", ".gitattributes", "Jenkinsfile"), "project files"
    ),
    **dict.fromkeys(
        ("cloudbuild.yaml", "docker-compose.yml", "compose.yaml", ".travis.yml"), "project files"
    ),
}
