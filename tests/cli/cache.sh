# SPDX-License-Identifier: Apache-2.0
# Calibrations kept between runs: the same results, told where they are, off by a variable, and damage is a note.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

rm -rf home
mkdir home
unset XDG_CACHE_HOME
export HOME=$PWD/home
few="simulate lenet --hw bcnn --data synthetic --images 40 --trials 1 --set output.calibration_images=40 --csv"
run $few; want_code 0; want_no_err; cp out without # the tests' own MHO_CACHE=off
[ ! -e home/.cache ] || fail "MHO_CACHE=off, and a file was kept"
unset MHO_CACHE
run $few; want_code 0; want_no_err; cmp -s out without || fail "not the same as without a cache"
file=$(ls home/.cache/mho/calibration-*)
run $few; want_code 0; want_no_err; cmp -s out without || fail "not the same from the cache"
printf x | dd of="$file" bs=1 seek=300 conv=notrunc status=none
run $few; want_code 0; want_err "mho: note: $PWD/$file: damaged, or not of this version: calibrated anew"
cmp -s out without || fail "not the same beside a damaged file"
run $few; want_code 0; want_no_err
printf x >"$file"
run $few -q; want_code 0; want_no_err
run doctor; want_code 0; want_out "$PWD/home/.cache/mho"
rm -rf home
MHO_CACHE=$PWD/own run $few; want_code 0; want_no_err
[ -e own ] && [ ! -e home ] || fail "MHO_CACHE names another folder"
printf x >home # no folder can be made there
run $few; want_code 0; want_no_err; cmp -s out without || fail "not the same where nothing can be kept"
MHO_CACHE=off run doctor; want_code 0; want_out "not kept"
MHO_CACHE=OFF run $few; want_code 0; want_no_err
[ ! -e OFF ] || fail "MHO_CACHE=OFF made a folder"
for bad in 0 no of " "; do
    MHO_CACHE=$bad run $few; want_error 2 "MHO_CACHE = $bad, want a folder that begins with /, or off"
    [ ! -e "$bad" ] || fail "MHO_CACHE=$bad made a folder"
done
MHO_CACHE=/proc/x run doctor; want_code 0; want_out "note  calibrations    not kept between runs: /proc/x: cannot make the folder: "
MHO_CACHE=$PWD/home run doctor; want_code 0; want_out "not kept between runs: $PWD/home: no file can be written there: "
MHO_CACHE=$PWD/a/b run doctor; want_code 0; want_out "ok    calibrations    $PWD/a/b"
[ ! -e a ] || fail "doctor left a folder"
