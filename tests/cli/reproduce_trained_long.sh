# SPDX-License-Identifier: Apache-2.0
# mho reproduce --epochs: networks that are trained for a study, on a few images that stand for CIFAR-10.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

mkdir few
python3 - <<'END'
import random
random.seed(1)
for name in ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"]:
    with open("few/" + name, "wb") as f:
        for i in range(60):
            label = random.randrange(10)
            f.write(bytes([label]) + bytes((random.randrange(80) + 17 * label) % 256 for _ in range(3072)))
END
run reproduce reboc-accuracy --data few --epochs 1 --checkpoint kept --json; want_code 0
want_json 'all(r["status"] == "not-reproducible" for r in v["rows"]) and [len(t["points"]) for t in v["trained"]] == [14]'
want_json '{p["stored_weights"] for p in v["trained"][0]["points"]} == {145376, 36576, 14560, 6752}'
want_json 'all(p["error_low"] <= p["error"] <= p["error_high"] and ("change_at_bits" in p) == bool(p["block"] and p["bits"]) for p in v["trained"][0]["points"])'
tell whole 'v["trained"]'
want_file kept/trained-cifarnet.json
# half of the trainings lost: the same results, and no other training's files are taken
rm kept/cifarnet-fc*
run reproduce reboc-accuracy --data few --epochs 1 --checkpoint kept; want_misuse "cifarnet-none-real.ck exists: --resume"
run reproduce reboc-accuracy --data few --epochs 2 --checkpoint kept --resume; want_error 2 "epochs is 1 there, 2 here"
run reproduce reboc-accuracy --data few --epochs 1 --checkpoint kept --resume --json; want_code 0
tell resumed 'v["trained"]'; want_same resumed whole
run reproduce reboc-accuracy --data few --epochs 1 --checkpoint kept --resume; want_code 0
want_out "cifarnet on cifar10: 1 epoch each on 300 images"
for text in "fc:128,conv:16c" "fc:2/4,conv:4" "145376" "at the same bits" "needs all 10,000 test images of MNIST"; do want_out "$text"; done
run reproduce switched-threshold --data few --epochs 1 --images 10; want_code 0
for text in "vgg-small on CIFAR-10, 10 test images" "1-bit maps by threshold search" "all weights trained on, 1 epoch"; do want_out "$text"; done
run reproduce switched-threshold --data few --images 10; want_code 0; want_out "cifarnet on CIFAR-10"
if grep -q "trained on, 1" out; then fail "trained without --epochs"; fi
