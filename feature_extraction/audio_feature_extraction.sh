#!/usr/bin/env bash
# Make the audio features of a data folder: feature_extraction/audio_feature_extraction.sh DIR [--replace_existing]; --help lists more.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"
prepare_environment
exec "$python" -m feature_extraction.extract --source audio "$@"
