#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What git keeps was written by people or trained by mho: nothing that a build makes or npm fetches, and nothing large.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"
git rev-parse --git-dir >/dev/null 2>&1 || { echo "no git: skipped"; exit 0; }
made=$(git ls-files | grep -E '(^|/)(node_modules|build[^/]*|__pycache__)/' || true)
[[ -z $made ]] || { printf 'made or fetched, not to be kept:\n%s\n' "$(head -n 5 <<<"$made")" >&2; exit 1; }
large=$(git ls-files -z | xargs -0 -r stat -c '%s %n' 2>/dev/null | awk '$1 > 2 * 1024 * 1024' || true)
[[ -z $large ]] || { printf 'larger than 2 MB:\n%s\n' "$large" >&2; exit 1; }
