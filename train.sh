#!/usr/bin/env bash
# Train an experiment: ./train.sh EXPERIMENT [--option VALUE ...]; --help lists the options.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment
exec "$python" -m training.train "$@"
