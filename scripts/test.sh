#!/bin/sh
# All tests, cheapest first; everything they need is set up on the way. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
exec </dev/null
scripts/setup.sh
PATH=$PWD/.venv/bin:$PATH
export PATH
folders=
for kind in static unit rules golden fuzz cli engine registry faults peers; do
    [ -d "tests/$kind" ] && folders="$folders tests/$kind"
done
# shellcheck disable=SC2086  # a list of folders without blanks
exec pytest --durations=12 $folders "$@"
