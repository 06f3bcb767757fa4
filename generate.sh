#!/usr/bin/env bash
# Generate motion: ./generate.sh EXPERIMENT SEQUENCE_ID|SOUND_FILE [--option VALUE ...]; --help lists the options.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment
exec "$python" -m inference.generate "$@"
