#!/usr/bin/env bash
# Make the virtual environment if its pins have no environment yet, and print its interpreter.
# It lies in the user's cache under a key of the pins, so every clone with the same pins shares it.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "$*" >&2; }

find_python() {
    local candidate
    for candidate in ${S2F_PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    say "Sketch2Fashion needs Python 3.11, 3.12 or 3.13 with venv and found none."
    say "On Debian or Ubuntu: sudo apt-get install python3 python3-venv. Or name one: S2F_PYTHON=/path/to/python make ..."
    exit 1
}

base=$(find_python)
tag=$("$base" -c 'import platform, sys; print(f"py{sys.version_info[0]}{sys.version_info[1]}-{platform.system()}-{platform.machine()}")')
requirements=$("$base" - <<'PY'
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["test"]))
PY
)
key=$(echo "$requirements" | cat - constraints.txt |
    "$base" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:12])')
home="${XDG_CACHE_HOME:-$HOME/.cache}/sketch2fashion/$key-$tag"
python="$home/bin/python"

if [ ! -e "$home/ready" ]; then
    needed_gb=9
    mkdir -p "$home"
    free_gb=$(df -Pk "$home" | awk 'NR == 2 {print int($4 / 1048576)}')
    if [ "$free_gb" -lt "$needed_gb" ]; then
        say "The environment needs about $needed_gb GB and only $free_gb GB are free at $home: make room, or set XDG_CACHE_HOME."
        exit 1
    fi
    say "Making the environment in $home (once; a few minutes, about 6 GB) ..."
    rm -rf "$home"
    "$base" -m venv "$home" >&2
    echo "$requirements" > "$home/requirements.txt"
    "$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
        --requirement "$home/requirements.txt" >&2
    # Shared by clones, so no clone is installed in it: 's2f' runs the package of the folder it is called in.
    printf '#!/bin/sh\nexec "%s" -m s2f_helpers "$@"\n' "$python" > "$home/bin/s2f"
    chmod +x "$home/bin/s2f"
    touch "$home/ready"
fi
echo "$python"
