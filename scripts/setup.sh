#!/bin/sh
# Makes .venv from the locked requirements with ctr-ci in it, unless it is up to date.
# Uses uv where it is on PATH, pip otherwise; installs python3-venv on a Debian that lacks it.
set -eu
cd "$(dirname "$0")/.."
exec </dev/null

say() { printf 'setup: %s\n' "$*" >&2; }

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -I -c "$new_enough" 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "no Python 3.11 or newer found (tried python3, python3.11 to 3.14)"
    say "help: on Debian 12 or newer: apt-get install python3 python3-venv"
    exit 2
fi

# Locked versions and package metadata decide; the sources are installed editable.
stamp=$( (cat requirements-dev.txt pyproject.toml; "$python" -I -c 'import sys; print(sys.version)') | cksum)
if [ -x .venv/bin/ctr-ci ] && [ "$(cat .venv/ctr-ci-stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

make_venv() {
    "$python" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Python's venv module is incomplete: installing python3-venv"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y python3-venv; } >/dev/null 2>&1 || true
        "$python" -m venv .venv || /usr/bin/python3 -m venv .venv
    else
        say "help: apt-get install python3-venv"
        return 2
    fi
}

say "installing locked requirements into .venv"
if command -v uv >/dev/null 2>&1 &&
    { [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv; } &&
    uv pip install -qq --python .venv/bin/python --require-hashes -r requirements-dev.txt &&
    uv pip install -qq --python .venv/bin/python --no-deps --no-build-isolation -e .; then
    :
else
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
printf '%s' "$stamp" >.venv/ctr-ci-stamp
