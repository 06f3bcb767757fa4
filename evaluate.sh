#!/usr/bin/env bash
# Evaluate trained models: ./evaluate.sh EXPERIMENT... [--data_dir D] [--split test] [--num_samples 5] [--metrics all]; --help lists the options.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment
exec "$python" -m analysis.evaluate "$@"
