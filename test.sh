#!/usr/bin/env bash
# Lint, formatting, spelling, types, tests. --slow runs the slow tests too; other arguments go to pytest.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment dev
cd "$project"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" # two processes of tests, one thread each

[ "${1:-}" != --slow ] || set -- -m "" "${@:2}"
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m codespell_lib
"$python" -m mypy
"$python" -m pytest -q -n 2 "$@"
