#!/bin/sh
# Every check that needs no running system. All of them run, so that one look shows everything that is wrong.
set -u
cd "$(dirname "$0")/.."
failed=

check() { # NAME COMMAND...: quiet when it passes
    name=$1
    shift
    if output=$("$@" 2>&1); then
        printf 'check: %-16s ok\n' "$name"
    else
        printf 'check: %-16s FAILED: %s\n%s\n' "$name" "$*" "$output"
        failed="$failed $name"
    fi
}

check lint .venv/bin/ruff check .
check format .venv/bin/ruff format --check .
check types .venv/bin/mypy
check imports .venv/bin/lint-imports
check protobuf .venv/bin/python tools/proto.py --check
check "metrics table" .venv/bin/python tools/generate_metrics_docs.py --check
check "agreement docs" .venv/bin/python tools/generate_agreement_docs.py --check
check dashboards .venv/bin/python tools/generate_dashboards.py --check
check openapi .venv/bin/python tools/generate_openapi.py --check
check agreements .venv/bin/tandem agreement check deploy/agreement
check "routing tests" .venv/bin/tandem agreement test deploy/agreement/tests/*.yaml
check "house rules" .venv/bin/pytest -q tests/unit/house

[ -z "$failed" ] || { printf 'check: FAILED:%s\n' "$failed"; exit 1; }
