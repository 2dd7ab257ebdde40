#!/bin/sh
# Says hello; with any argument it plays a failing test.
if [ $# -gt 0 ]; then
    echo "quickstart: told to fail ($*)" >&2
    exit 1
fi
echo "Hello, world! The time is $(date)."
