#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ./dev installs for a build, the Debian packages ask for, too; what the program is linked with, the Dockerfile installs.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"
bad=0
complain() { echo "$1" >&2; bad=1; }

mapfile -t packages < <(sed -n '/^run_packages=(/,/)$/p' dev | tr -d '()' | sed 's/run_packages=//' | tr -s ' \n' '\n\n' | grep .)
((${#packages[@]} > 8)) || complain "dev: run_packages was not found"
for package in "${packages[@]}"; do
    case $package in gcc | libc6-dev) continue ;; esac # build-essential
    grep -qE "^ +$package,?$|^Build-Depends:.* $package,?$" debian/control || complain "debian/control: Build-Depends lacks $package"
done
ldd "${1:?the program}" | awk '$3 ~ /^\// {print $3}' | xargs readlink -f >"${TMPDIR:-/tmp}/libraries.$$"
trap 'rm -f "${TMPDIR:-/tmp}/libraries.$$"' EXIT
for owner in $(xargs dpkg -S <"${TMPDIR:-/tmp}/libraries.$$" 2>/dev/null | cut -d: -f1 | sort -u); do
    case $owner in libc6 | libgcc-s1) continue ;; esac
    grep -qE "(^|[[:space:]])$owner([[:space:]]|$)" Dockerfile || complain "Dockerfile: lacks $owner"
done
((bad == 0)) && echo "packages: as many as ./dev installs"
exit $bad
