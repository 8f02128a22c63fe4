# SPDX-License-Identifier: Apache-2.0
# Tables of stores, to be compared: all that results are, in the order of the designs.
table()
{
    "$mho" query "$1" "SELECT key, status, settings, error, ci95, images_low, software_error, latency_s, energy_J, area_m2, ops_per_J, cycles, trials_done, images_done, evidence, result FROM points ORDER BY key" --csv
}
want_same_table()
{
    table "$1" >table.1 && table "$2" >table.2
    [ "$(wc -l <table.1)" -gt 1 ] || fail "$1 has no points"
    cmp -s table.1 table.2 || fail "$1 and $2 differ: $(diff table.1 table.2 | cut -c1-200 | head -4)"
}
# Kills `mho ...` so many times, each a little later than the time before, and goes on; then to the end.
kill_and_go_on()
{
    local kills=$1 step=$2 i pid
    shift 2
    for ((i = 1; i <= kills; i++)); do
        "$mho" "$@" --resume >/dev/null 2>&1 &
        pid=$!
        sleep "$(awk "BEGIN {print $step * (1 + $i % 10)}")"
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
    done
    run "$@" --resume
}
