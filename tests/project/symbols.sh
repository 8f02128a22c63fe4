#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prefixes and directions of the library's symbols, from its object files.
set -euo pipefail
objects=$(dirname "${1:?the program}")/CMakeFiles/mho_objects.dir
exec python3 "${MHO_SOURCE_DIR:?}/tests/project/symbols.py" "$objects"
