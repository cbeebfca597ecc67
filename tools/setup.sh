#!/bin/sh
# Makes .venv from the hash-locked requirements: `tools/setup.sh base` to run Tandem, `dev` to test it.
# Idempotent; a second run with the same locks does nothing and takes a few milliseconds.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
set_name=${1:-base}
lock=requirements/$set_name.txt
python=.venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

supported() { # is $1 a Python 3.11 to 3.14 that runs? (a pyenv shim may exist and not run)
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

fingerprint() { # of everything that decides what is in .venv
    cat "requirements/$1.txt" requirements/installer.txt pyproject.toml tools/setup.sh | cksum
}

stamped() { [ -f ".venv/.stamp-$1" ] && [ "$(fingerprint "$1")" = "$(cat ".venv/.stamp-$1")" ]; }

usable() { # .venv runs, and was made for this folder (its scripts hold the absolute path)
    [ -f .venv/pyvenv.cfg ] && supported "$python" && grep -qF "$root/.venv" .venv/pyvenv.cfg
}

find_python() {
    incomplete=
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do
        command -v "$candidate" >/dev/null 2>&1 && supported "$candidate" || continue
        if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return
        fi
        incomplete=${incomplete:-$candidate}
    done
    [ -z "$incomplete" ] || fail "$incomplete has no venv module with pip. On Debian and Ubuntu: apt install python3-venv"
    fail "no Python 3.11, 3.12, 3.13 or 3.14 found. Install one, or name it: PYTHON=/path/to/python3.12 make setup"
}

make_venv() {
    interpreter=$(find_python) || exit 1
    say "[1/3] creating .venv with $("$interpreter" --version)"
    rm -rf .venv
    "$interpreter" -m venv .venv || fail "could not create .venv with $interpreter"
}

install_lock() {
    say "[2/3] installing the $(grep -c '^[a-z].*==' "$lock") packages of $lock"
    started=$(date +%s)
    if "$python" -m pip install --quiet --require-hashes -r requirements/installer.txt \
        && "$python" -m uv pip install --quiet --python "$python" --require-hashes -r "$lock"; then
        :
    else
        # uv reads no pip.conf: behind a mirror that only pip knows, pip it is.
        say "      uv could not do it; once more with pip, which takes about half a minute"
        "$python" -m pip install --progress-bar on --require-hashes -r "$lock" \
            || fail "could not install $lock; is a package index reachable (pip config list)?"
    fi
    say "      done in $(($(date +%s) - started)) s"
}

install_tandem() {
    say "[3/3] installing tandem itself"
    "$python" -m pip install --quiet --no-deps --no-build-isolation --no-index -e . || fail "could not install tandem"
}

compile_all() {
    # Once here instead of at every start: where Python may not write its caches, importing takes three times as long.
    # A file of another Python version inside a package may not compile; nobody imports it.
    "$python" -m compileall -q -j 0 .venv/lib tandem services/*/tandem_* >/dev/null 2>&1 || true
}

case $set_name in base | dev) ;; *) fail "usage: tools/setup.sh base|dev" ;; esac
if usable && { stamped dev || stamped "$set_name"; }; then
    exit 0
fi
usable || make_venv
install_lock
install_tandem
compile_all
fingerprint "$set_name" >".venv/.stamp-$set_name"
