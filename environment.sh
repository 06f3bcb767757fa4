# Sourced by the project's scripts: `prepare_environment [dev]` finds or makes a Python environment and sets $python.
#
# The active virtual or conda environment serves if it has what requirements.txt names. Otherwise .venv is made, once;
# PYTHON=... chooses the interpreter for it. With `dev` the development tools of pyproject.toml are there too. No other
# Python is written to. .venv/installed, written last, says what is installed; .venv/unfinished, that not all of it is.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=$project/.venv

prepare_environment() {
  local extra=${1:-}
  python=$(active_python) && satisfies "$python" "$extra" || {
    python=$venv/bin/python
    is_ready "$extra" || one_at_a_time make_ready "$extra" || exit 1
  }
  export PYTHONPATH="$project${PYTHONPATH:+:$PYTHONPATH}"
  export PYTHONSAFEPATH=1 # the caller's folder may hold a training.py of its own
}

active_python() { # the interpreter of the active environment, unless that is .venv or PYTHON asks for another
  local prefix=${VIRTUAL_ENV:-${CONDA_PREFIX:-}}
  [ -z "${PYTHON:-}" ] && [ -n "$prefix" ] && [ ! "$prefix" -ef "$venv" ] && [ -x "$prefix/bin/python" ] &&
    echo "$prefix/bin/python"
}

satisfies() { # whether an interpreter has the pinned packages, and with `dev` the development tools in some version
  "$1" - "$project" "$2" 2>/dev/null <<'PYTHON'
import re, sys, tomllib
from importlib.metadata import version

project, extra = sys.argv[1:]
for line in open(f"{project}/requirements.txt", encoding="utf-8"):
    name, pinned, wanted = line.partition("#")[0].strip().partition("==")
    if pinned and version(name).partition("+")[0] != wanted:
        sys.exit(1)
with open(f"{project}/pyproject.toml", "rb") as file:
    extras = tomllib.load(file)["project"]["optional-dependencies"]
for requirement in extras[extra] if extra else ():
    version(re.match(r"[\w.-]+", requirement)[0])
PYTHON
}

is_ready() { # whether .venv is complete, up to date, and of the interpreter that PYTHON asks for
  [ -f "$venv/installed" ] && [ ! -e "$venv/unfinished" ] && is_environment && is_of_chosen_python || return 1
  local installed
  installed=$(cat "$venv/installed")
  [ "$installed" = "$(contents dev)" ] || [ "$installed" = "$(contents "$1")" ]
}

contents() { # what is to be installed, with the Python it is for
  identity "$python"
  echo "$1"
  sed '/^\[tool/,$d' "$project/requirements.txt" "$project/pyproject.toml"
}

identity() { # version and home of an interpreter; an environment has those of the interpreter it was made with
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.base_prefix)' 2>/dev/null
}

is_environment() { # whether .venv works; without pyvenv.cfg its interpreter would write to the system's packages
  [ -f "$venv/pyvenv.cfg" ] && "$python" -c 'import pip' 2>/dev/null
}

is_of_chosen_python() {
  [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity "$python")" ]
}

one_at_a_time() { # run a function while no other run of the project's scripts is in it, where the system can tell
  if command -v flock >/dev/null; then
    (flock 9 && "$@") 9>"$project/.venv.lock"
  else
    ("$@")
  fi
}

make_ready() {
  ! is_ready "$1" || return 0 # another run has just done it
  if [ -e "$venv/unfinished" ] || ! is_environment || ! is_of_chosen_python; then
    make_venv
  fi
  install "$1"
}

make_venv() {
  local chosen
  chosen=$(choose_python)
  [ -n "$chosen" ] || exit 1
  "$chosen" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$chosen has no venv module; install the package python3-venv that belongs to it"
  say "making .venv with $(version_of "$chosen") ($chosen)"
  rm -rf "$venv"
  mkdir "$venv"
  touch "$venv/unfinished"
  "$chosen" -m venv "$venv" || fail "$chosen could not make $venv; the reason is above"
}

install() {
  local quiet=--quiet
  [ ! -t 1 ] || quiet=
  say "installing requirements.txt${1:+ and the $1 tools} into .venv; this takes minutes, and happens once"
  touch "$venv/unfinished"
  "$python" -m pip install $quiet --no-input --disable-pip-version-check \
    -r "$project/requirements.txt" -r <(development_tools "$1") ||
    fail "the installation failed; the reason is above. Run the same command again when it is mended"
  contents "$1" >"$venv/installed"
  rm "$venv/unfinished"
}

development_tools() { # the requirements of an extra, one a line
  [ -z "$1" ] || "$python" -c '
import sys, tomllib
print(*tomllib.load(open(sys.argv[1], "rb"))["project"]["optional-dependencies"][sys.argv[2]], sep="\n")
' "$project/pyproject.toml" "$1"
}

choose_python() { # PYTHON, else the first on the path that is new enough
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is $(version_of "$PYTHON"); 3.11 or newer is needed"
    echo "$PYTHON"
    return
  fi
  for candidate in python3 python3.13 python3.12 python3.11 python; do
    ! is_new_enough "$candidate" || { command -v "$candidate" && return; }
  done
  fail "python3 is $(version_of python3); 3.11 or newer is needed. Install one, or name it: PYTHON=/path/to/python3.12"
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

version_of() {
  "$1" -c 'import sys; print("Python %d.%d" % sys.version_info[:2])' 2>/dev/null || echo "not there"
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}
