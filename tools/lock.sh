#!/bin/sh
# Resolves requirements/*.txt again: hash-locked, for every supported platform and Python, without index addresses.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/python -m uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --python-version 3.11 "$@"
}
compile --group build pyproject.toml -o requirements/base.txt "$@"
compile --group dev --constraint requirements/base.txt pyproject.toml -o requirements/dev.txt "$@"
compile requirements/installer.in -o requirements/installer.txt "$@"
