# SPDX-License-Identifier: Apache-2.0
"""Software inference with two threads beside one, on a machine that others use too: processor time of the longest thread.

    python3 bench/infer_threads.py MHO MODEL DATA [ROUNDS]        as `mho infer MODEL --data DATA`

The whole command counts, reading the model and the data included; the best of 3 rounds.  Prints seconds of one thread, of the
longer of two, and their ratio (want 1.8 or more).  What two threads cost each other in caches is in it only as far as both run
at once.
"""
import glob
import subprocess
import sys
import time


def longest(threads, command):
    """Processor seconds of the thread that took most, looked at every few milliseconds (Linux)."""
    process = subprocess.Popen([*command, "--threads", str(threads)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    used = {}
    while process.poll() is None:
        for place in glob.glob(f"/proc/{process.pid}/task/*/schedstat"):
            try:
                with open(place) as file:
                    used[place] = int(file.read().split()[0]) / 1e9
            except (OSError, IndexError):
                pass
        time.sleep(0.003)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: failed")
    return max(used.values())


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    mho, model, data = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    command = [mho, "infer", model, "--data", data, "--quiet", "--json"]
    one = min(longest(1, command) for _ in range(rounds))
    two = min(longest(2, command) for _ in range(rounds))
    print(f"{model}: one thread {one:.2f} s of processor time, the longer of two {two:.2f} s: {one / two:.2f} times")


main()
