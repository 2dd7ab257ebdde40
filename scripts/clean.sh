#!/bin/sh
# Removes what setup, tests and demo made: base images in the engine, caches, .venv.
set -eu
cd "$(dirname "$0")/.."
exec </dev/null
if [ -x .venv/bin/python ]; then
    PYTHONPATH=tests .venv/bin/python -c '
from testbed import engine, images
if socket := engine.reachable():
    print(f"removed {images.forget(socket)} images of the test bed from the engine")
'
fi
rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/ctr-ci-testbed" .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .ctr-ci
rm -rf .import_linter_cache build dist
