#!/bin/sh
# Writes the locked, hash-pinned requirements: of the product, of the product with what evidence needs
# (the action installs it where that is asked for), and of everything to work on it.
# No index address goes into the files: they hold for whichever index the reader uses.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --annotation-style line "$@" pyproject.toml
}
compile --output-file requirements.txt "$@"
compile --extra sbom --extra sigstore --constraint requirements.txt --output-file requirements-evidence.txt "$@"
compile --group dev --constraint requirements.txt --output-file requirements-dev.txt "$@"
