#!/usr/bin/env bash
# Starts the action: finds a Python, makes its locked environment once, hands over.
# Inputs come as CTR_CI_INPUT_*; of them this shell reads `install`, and which features need more packages.
set -euo pipefail
exec </dev/null
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
    printf '::error title=ctr-ci::%s\n' "$1"
    exit 3
}

python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "no Python 3.11 or newer on this runner%0Ahelp: add a step actions/setup-python before this one"

lock=$root/requirements.txt
if [ "${CTR_CI_INPUT_ATTEST:-}" = keyless ] || [ -n "${CTR_CI_INPUT_SBOM:-}${CTR_CI_INPUT_CERTIFICATE_IDENTITY:-}" ]; then
    lock=$root/requirements-evidence.txt
fi
packages=
if [ "${CTR_CI_INPUT_INSTALL:-auto}" != never ]; then
    about='import hashlib, platform, sys
lock = open(sys.argv[1], "rb").read()
print(f"{hashlib.sha256(lock).hexdigest()[:16]}-{sys.implementation.cache_tag}-{platform.machine()}")'
    key=$("$python" -I -c "$about" "$lock")
    cache=${RUNNER_TOOL_CACHE:-}
    [ -n "$cache" ] && mkdir -p "$cache/ctr-ci" 2>/dev/null && [ -w "$cache/ctr-ci" ] || cache=${XDG_CACHE_HOME:-$HOME/.cache}
    packages=$cache/ctr-ci/$key
    if [ ! -d "$packages" ]; then
        mkdir -p "$cache/ctr-ci"
        aside=$(mktemp -d "$cache/ctr-ci/making.XXXXXX")
        trap 'rm -rf "$aside"' EXIT
        echo '::group::ctr-ci: installing locked requirements'
        # Who configured pip for a place without network means pip.
        if command -v uv >/dev/null && [ -z "${PIP_NO_INDEX:-}" ]; then
            uv pip install --quiet --python "$python" --target "$aside" --require-hashes -r "$lock"
        else
            "$python" -m pip --version >/dev/null 2>&1 ||
                fail "$python has no pip, and uv is not here%0Ahelp: install python3-pip or uv on this runner, or add a step actions/setup-python"
            "$python" -m pip install -qq --disable-pip-version-check --no-warn-script-location \
                --target "$aside" --require-hashes -r "$lock"
        fi
        echo '::endgroup::'
        # One move, so that a job beside this one sees all of it or nothing; the first one wins.
        mv -T "$aside" "$packages" 2>/dev/null || [ -d "$packages" ] || fail "cannot write $packages"
        rm -rf "$aside"
        trap - EXIT
    fi
fi
# Nothing of the checked-out repository may be imported, whatever it is called.
export PYTHONPATH=$root/src${packages:+:$packages} PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1 PYTHONUTF8=1
exec "$python" -P -m ctr_ci.action
