#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev answers without installing or building anything, and refuses what it does not know.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"

fail() { echo "$1" >&2; exit 1; }

for script in dev .ci/run tests/*/*.sh; do
    bash -n "$script" || fail "$script does not parse"
done
help=$(cd / && "$OLDPWD/dev" help) || fail "./dev help from another folder: exit code $?"
for word in run build install test bench lint clean; do
    [[ $help == *"  $word "* ]] || fail "./dev help does not tell of $word"
done
for misuse in "" nonsense; do
    status=0
    # shellcheck disable=SC2086
    ./dev $misuse >/dev/null 2>&1 || status=$?
    [[ $status == 2 ]] || fail "./dev $misuse: exit code $status, want 2"
done
echo "script: dev answers"
