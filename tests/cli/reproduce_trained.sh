# SPDX-License-Identifier: Apache-2.0
# mho reproduce reboc-accuracy: results of long runs that are kept, and where trainings are not.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

mkdir few
python3 - <<'END'
for name in ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"]:
    with open("few/" + name, "wb") as f:
        for i in range(10):
            f.write(bytes([i]) + bytes(20 * i for _ in range(3072)))
END
run reproduce reboc-accuracy --data few; want_code 0
for text in "+1.35 +- 0.24    +1.21 +- 0.24" "lenet on mnist" "cifarnet on cifar10" "fc:128,conv:16c" "at the same bits" "on 60000 images" "on 50000 images"; do want_out "$text"; done
run reproduce reboc-accuracy --data few --json; want_code 0
want_json '[t["network"] for t in v["trained"]] == ["lenet", "cifarnet"] and all(t["images"] == 10000 for t in v["trained"])'
want_json 'all(p["error_low"] < p["error"] < p["error_high"] for t in v["trained"] for p in t["points"])'
want_json 'all(r["mho"] is None and r["status"] == "not-reproducible" for r in v["rows"])'

run reproduce reboc-accuracy --data few --checkpoint kept; want_misuse "--epochs N"
run reproduce reboc-accuracy --data few --resume; want_misuse "--resume needs --checkpoint FOLDER"
run reproduce reboc-table1 --epochs 1 --checkpoint kept; want_misuse "reboc-table1 keeps no trainings"
run reproduce reboc-table1 reboc-accuracy --epochs 1 --checkpoint kept; want_misuse "a list keeps no trainings"
want_no_file kept
run reproduce reboc-accuracy --data few --epochs 1 --checkpoint few/test_batch.bin/x; want_error 3 "few/test_batch.bin/x"
