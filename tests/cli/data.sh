# SPDX-License-Identifier: Apache-2.0
# mho data: the list, the contact sheet, and fetching with what can go wrong; no network needed.
real=${MHO_DATA:-}
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run data; want_code 0; want_no_err; want_out "synthetic"; want_out "60,000"; want_out "generated from seed 1"
run data --json; want_code 0; want_no_err
want_json 'v["used"]["name"] == "synthetic" and v["places"][-1] == {"place": "synthetic", "name": "synthetic", "train": 60000, "test": 10000, "shape": [1, 28, 28], "classes": 10}'
run data --csv; want_code 0; want_out "synthetic,synthetic,60000,10000"
run data --data nowhere; want_error 3 "nowhere: no such folder"
mkdir empty; run data --data empty; want_error 3 "empty: no data set here" "train-images-idx3-ubyte" "data_batch_1.bin"
run data --data "$MHO_SOURCE_DIR/LICENSE"; want_error 3 "not a folder"
run data fetsh; want_misuse "did you mean fetch?"
run data show a b; want_misuse "one argument too many"

run data show --data synthetic; want_code 0; want_no_out; want_err "wrote synthetic.pgm"; want_file synthetic.pgm
[ "$(head -c 2 synthetic.pgm)" = P5 ] && [ "$(wc -c <synthetic.pgm)" = $((560 * 280 + 15)) ] || fail "not a 560 x 280 PGM"
run data show mine.pgm --quiet; want_code 0; want_no_err; cmp -s mine.pgm synthetic.pgm || fail "differs by seed"
run data show -o other.pgm --data synthetic; want_code 0; want_no_out; want_err "wrote other.pgm"; cmp -s other.pgm mine.pgm || fail "not the sheet in -o"
rm synthetic.pgm; run data show --quiet -o plain; want_code 0; cmp -s plain mine.pgm || fail "not the sheet in a file without ending"; want_no_file synthetic.pgm
run data show a.png; want_misuse "data show a.png: these images make a .pgm file"; want_no_file a.png
run data show -o a.ppm; want_misuse "a .pgm file"; want_no_file a.ppm
run data show a.pgm -o b.pgm; want_misuse "name one file"; want_no_file a.pgm; want_no_file b.pgm
run data -o list.txt; want_code 0; want_no_out; grep -q synthetic list.txt || fail "no list in -o"
run data show no/such/folder.pgm; want_error 3 "no/such/folder.pgm: cannot write: No such file"
run data show /dev/full; want_error 3 "/dev/full: cannot write: No space left"

run data fetch; want_misuse "mho data fetch mnist"
run data fetch imagenet; want_misuse "'imagenet', want mnist"
run data fetch mnist --mirror "file://$here/empty"; want_error 3 "file://$here/empty/train-images-idx3-ubyte.gz" "copy the four files" "$HOME/.cache/mho/mnist"
run data fetch mnist --mirror http://127.0.0.1:1/; want_error 3 "http://127.0.0.1:1/train-images-idx3-ubyte.gz" "connect"
run data fetch mnist --mirror ftp://127.0.0.1/; want_error 3 "ftp"
mkdir wrong; echo hello >wrong/train-images-idx3-ubyte.gz
run data fetch mnist --mirror "file://$here/wrong"; want_error 3 "SHA-256" "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" "440fcabf73cc546f"
head -c 9912423 /dev/zero >wrong/train-images-idx3-ubyte.gz
run data fetch mnist --mirror "file://$here/wrong/"; want_error 3 "longer than 9912422 bytes"
[ -z "$(find "$HOME" -type f)" ] || fail "files were left behind: $(find "$HOME" -type f)"
HOME= run data fetch mnist; want_error 3 "HOME is not set"
mkdir locked; touch locked/.cache; HOME=$here/locked run data fetch mnist; want_error 3 "locked/.cache/mho: cannot make the folder"

if [ -n "$real" ] && [ -e "$real/mnist/t10k-images-idx3-ubyte.gz" ]; then
    run data fetch mnist --mirror "file://$real/mnist"; want_code 0; want_no_out; want_err "SHA-256 sums are right"
    cmp -s "$HOME/.cache/mho/mnist/t10k-images-idx3-ubyte.gz" "$real/mnist/t10k-images-idx3-ubyte.gz" || fail "not the same file"
    run data fetch mnist --mirror "file://$here/empty"; want_code 0
    run data --json; want_code 0; want_json 'v["used"]["name"] == "mnist" and v["places"][0]["train"] == 60000'
    gzip -dc "$real/mnist/train-images-idx3-ubyte.gz" | head -c 1000000 | gzip -1 >"$HOME/.cache/mho/mnist/train-images-idx3-ubyte.gz"
    run data; want_code 3; want_out "damaged"; want_err "truncated: 999984 bytes of pixels"; want_err "mnist would be used, but is damaged"
    ! grep -q Used out || fail "a damaged set is called used"
fi
