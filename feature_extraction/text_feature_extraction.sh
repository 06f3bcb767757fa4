#!/usr/bin/env bash
# Make the text features of a data folder: feature_extraction/text_feature_extraction.sh DIR [--recipe NAME] [--replace_existing]; --help lists more.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"
prepare_environment
exec "$python" -m feature_extraction.extract --source text --recipe gesture "$@"
