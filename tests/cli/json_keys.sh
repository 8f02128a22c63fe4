# SPDX-License-Identifier: Apache-2.0
# Every key that a command prints as JSON stands in docs/cli.md, and every command has its place there.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
export MHO_DATA=
printf 'network: lenet\nhw: bcnn\naccuracy: false\naxes: {output.split_bits: [2, 3]}\n' >sweep.yaml
cat >commands <<'E'
evaluate lenet --hw bcnn --data synthetic --images 5 --trials 1 --set output.calibration_images=10
evaluate lenet --hw bcnn --data synthetic --images 5 --trials 1 --set output.calibration_images=10 --sweep output.split_bits=2
simulate lenet --hw bcnn --data synthetic --images 5 --trials 1 --set output.calibration_images=10
cost lenet --hw bcnn
map lenet --hw bcnn
map lenet-circulant-mnist --hw reboc
pipeline lenet --hw bcnn --trace 100:110
buffer vgg11 --hw vgg-rram
explore sweep.yaml -o sweep.db
show sweep.db
show sweep.db 2
diff sweep.db:1 sweep.db:2
query sweep.db "SELECT id FROM points"
infer lenet --data synthetic --images 5
nets
nets lenet
hw
doctor
data
E
/usr/bin/python3 - "$mho" "$MHO_SOURCE_DIR/docs/cli.md" <<'P' || fail "docs/cli.md does not tell all"
import json, re, shlex, subprocess, sys
mho, path = sys.argv[1:]
page = open(path).read()
told = set(re.findall(r"[A-Za-z_0-9]+", " ".join(re.findall(r"`([^`\n]*)`", page))))
named = {"set", "by_component", "by_layer", "parts_s"}  # what they hold is named by users, or by the network
missing = set()

def walk(value, command, free=False):
    for item in value if isinstance(value, list) else []:
        walk(item, command)
    for key, item in value.items() if isinstance(value, dict) else []:
        if not free and key not in told:
            missing.add(f"{command}: {key}")
        if key != "config":
            walk(item, command, key in named or (command == "show" and key == "pipeline"))

for line in open("commands"):
    words = shlex.split(line)
    out = subprocess.run([mho, *words, "--json", "-q"], capture_output=True, text=True)
    assert out.returncode == 0, (line, out.stderr)
    walk(json.loads(out.stdout), words[0])
commands = re.findall(r"^  ([a-z]+)  ", subprocess.run([mho, "help"], capture_output=True, text=True).stdout, re.M)
missing |= {f"the command {c}" for c in commands if not re.search(rf"mho {c}\b|## .*\b{c}\b", page)}
print("\n".join(sorted(missing)), file=sys.stderr)
sys.exit(bool(missing))
P
