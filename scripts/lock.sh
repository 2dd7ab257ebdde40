#!/bin/sh
# Writes the locked, hash-pinned requirements: of the product, and of everything to work on it.
# No index address goes into the files: they hold for whichever index the reader uses.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --annotation-style line "$@" pyproject.toml
}
compile --output-file requirements.txt "$@"
compile --group dev --constraint requirements.txt --output-file requirements-dev.txt "$@"
