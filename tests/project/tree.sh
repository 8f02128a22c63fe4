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
# What a test or a run left in the root was kept by accident more than once.
root=' .ci .clang-format .clang-tidy .dockerignore .gitignore CHANGELOG.md CMakeLists.txt CMakePresets.json CONTRIBUTING.md
 Dockerfile LICENSE README.md bench cmake configs debian dev docs examples include models page papers pyproject.toml python
 src tests '
stray=$(git ls-files | cut -d/ -f1 | sort -u | while read -r name; do
    [[ $root == *[[:space:]]$name[[:space:]]* ]] || echo "$name"
done)
[[ -z $stray ]] || { printf 'stray in the root (or to be added to the list of tests/project/tree.sh):\n%s\n' "$stray" >&2; exit 1; }
