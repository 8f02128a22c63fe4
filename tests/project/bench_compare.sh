# SPDX-License-Identifier: Apache-2.0
# bench/compare.py: what is stored, what is compared on which machine, what counts as noise.
set -u
cd "$MHO_SOURCE_DIR" || exit 2
command -v python3 >/dev/null || { echo "no python3: not tried"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
fail() { echo "bench/compare.py: $*"; failed=1; }
row() { # case, value, any machine, better, images
    echo "{\"bench\": \"chip\", \"case\": \"$1\", \"what\": \"w\", \"value\": $2, \"any_machine\": $3, \"better\": \"$4\"${5:+, \"images\": $5}}"
}

{ row speed 100 false more; row ratio 2 true more; row peak 400 true less; row new 1 true less; } >"$folder/lines"
MHO_BENCH_SHORT=1 python3 bench/compare.py --store "$folder/lines" "$folder/now.json" || fail "stores nothing"
for key in processor cores compiler commit load date '"short": true'; do
    grep -q "$key" "$folder/now.json" || fail "$key is not stored"
done
stored() { # processor, speed, ratio, peak
    { row speed "$2" false more; row ratio "$3" true more; row peak "$4" true less; row gone 1 true less; } |
        sed '$!s/$/,/' | sed "1s/^/{\"processor\": \"$1\", \"short\": false, \"rows\": [/; \$s/\$/]}/" >"$folder/then.json"
}
compare() { python3 bench/compare.py "$folder/now.json" "$folder/then.json" >"$folder/out" 2>&1; }
has() { grep -q "$1" "$folder/out" || fail "lacks '$1': $(cat "$folder/out")"; }

here=$(python3 -c "import json; print(json.load(open('$folder/now.json'))['processor'])")
stored "$here" 110 2.2 380
compare || fail "noise is worse"
has "3 numbers: 0 worse, 0 better, 3 within the noise; 1 now alone, 1 then alone"
has "one of the two is a short run"
stored "$here" 140 2 400
compare && fail "a speed that fell by a quarter is not worse"
has "WORSE"
stored "another" 140 2 600
compare || fail "speeds of another machine are compared"
has "another processor: speeds are left out"
has "2 numbers: 0 worse, 1 better, 1 within the noise"
stored "another" 100 3 400
compare && fail "a ratio that fell is not worse on another machine"
images() { # lines of then
    sed '$!s/$/,/' | sed "1s/^/{\"processor\": \"another\", \"rows\": [/; \$s/\$/]}/" >"$folder/then.json"
}
{ row ratio 2 true more 16; row same 2 true more 16; row old 2 true more 16; } >"$folder/lines"
python3 bench/compare.py --store "$folder/lines" "$folder/now.json"
grep -q '"images": 16' "$folder/now.json" || fail "the number of images is not stored"
{ row ratio 9 true more 10000; row same 2 true more 16; row old 2.1 true more; } | images
compare || fail "another number of images is worse"
has "not judged: 10000 images then, 16 now"
has "2 numbers: 0 worse, 0 better, 2 within the noise; 0 now alone, 0 then alone"
has "1 not judged: of another number of images"
row ratio 9 true more 10000 | images
compare || fail "all of another number of images is worse"
has "0 numbers: 0 worse"
echo '{"rows": 3}' >"$folder/then.json"
compare && fail "takes what is no result"
has "no results of ./dev bench --json"
exit $failed
