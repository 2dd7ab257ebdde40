#!/bin/sh
# The main job from lint to push, shown step by step. KEEP=1 leaves the registry running.
set -eu
cd "$(dirname "$0")/.."
exec </dev/null
scripts/setup.sh
PYTHONPATH=tests exec .venv/bin/python scripts/demo.py
