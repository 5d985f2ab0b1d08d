#!/bin/sh
# Make the virtual environment of what running needs (setup.sh VENV) or of that and the tests
# (setup.sh --dev VENV), check one (setup.sh --check VENV), or install what the live tab runs in the
# browser (setup.sh --live web).
# POSIX sh, because it runs before any Python of ours does.
set -eu

fits() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null; }

# A name on the PATH may be a version manager's shim that answers for nobody, so each is tried.
find_python() {
    for name in python3.11 python3.12 python3 python \
        "$HOME"/.pyenv/versions/3.11*/bin/python "$HOME"/.pyenv/versions/3.12*/bin/python; do
        if fits "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

explain_missing() {
    found=$(python3 --version 2>/dev/null || echo "no Python 3")
    echo "Mien needs Python 3.11 or 3.12 (MediaPipe's last version that carries its models has no" \
        "wheel for others), found $found: install uv (https://docs.astral.sh/uv), which brings" \
        "one, or python3.12, and run this again." >&2
}

make_environment() {
    [ -x "$1/bin/python" ] && fits "$1/bin/python" && return
    if python=$(find_python); then
        rm -rf "$1"
        "$python" -m venv "$1" || {
            echo "Python could not make $1: install its venv module (Debian: python3-venv) and" \
                "run this again." >&2
            exit 1
        }
    elif command -v uv >/dev/null; then
        echo "Fetching Python 3.12 with uv, because no Python 3.11 or 3.12 is there." >&2
        rm -rf "$1"
        uv venv --quiet --seed --managed-python --python 3.12 "$1" || {
            echo "uv could not bring Python 3.12: check the network, or install python3.12, and" \
                "run this again." >&2
            exit 1
        }
    else
        explain_missing
        exit 1
    fi
}

install() {
    make_environment "$1"
    echo "Installing $2 into $1 with $("$1/bin/python" --version), once; this takes a minute or" \
        "two." >&2
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" || {
        echo "The packages of $2 could not be installed: check the network and the free disk" \
            "space (3 GB), then run this again." >&2
        exit 1
    }
    # A slim system lacks libraries that these two load: better said now than by each command.
    "$1/bin/python" - <<'PYTHON'
from landmarks.system_libraries import exit_on_missing_library

with exit_on_missing_library():
    import cv2
    import mediapipe
PYTHON
}

# The live tab is one of several ways to read a face, so that nothing fails without it.
install_live() {
    if ! command -v npm >/dev/null; then
        echo "Without npm the live tab is left out: install Node.js and run this again." >&2
        return
    fi
    echo "Installing the live tab's packages, once." >&2
    npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
        echo "The live tab is left out, because npm could not install its packages: check the" \
            "network and run this again." >&2
}

check() {
    if [ -x "$1/bin/python" ]; then
        exec "$1/bin/python" -m classifiers doctor
    fi
    find_python >/dev/null || command -v uv >/dev/null || {
        explain_missing
        exit 1
    }
    echo "$1 is not there yet: run make web or make test, each sets it up."
    exit 1
}

case $1 in
--live) install_live "$2" ;;
--check) check "$2" ;;
--dev) install "$2" requirements-dev.txt ;;
*) install "$1" requirements.txt ;;
esac
