# SPDX-License-Identifier: Apache-2.0
"""Software inference of a ResNet-50 (random weights, 224 x 224) beside PyTorch (Debian's python3-torch), one thread each, in
processor time: the better of PyTorch's two layouts and two batch sizes; and what reading the file takes.

    python3 bench/infer_torch.py [MHO] [IMAGES]        build/mho, 16 images

Rounds alternate, the best of each counts.  Prints images a processor second of both, their ratio (want 1.2 or more), seconds
to read the file (want less than 0.5) and its memory as a multiple of the file's size (want less than 2).
"""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
try:
    import numpy as np
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError:
    print("skipped: python3-torch and python3-numpy are not here")
    sys.exit(77)

ROUNDS = 3


class Bottleneck(nn.Module):
    def __init__(self, inside, width, stride):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(inside, width, 1, bias=False), nn.Conv2d(
            width, width, 3, stride, 1, bias=False), nn.Conv2d(width, 4 * width, 1, bias=False)
        self.na, self.nb, self.nc = nn.BatchNorm2d(width), nn.BatchNorm2d(width), nn.BatchNorm2d(4 * width)
        self.down = nn.Sequential(nn.Conv2d(inside, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(
            4 * width)) if stride > 1 or inside != 4 * width else nn.Identity()

    def forward(self, x):
        y = F.relu(self.na(self.a(x)))
        y = self.nc(self.c(F.relu(self.nb(self.b(y)))))
        return F.relu(y + self.down(x))


def resnet50():
    parts, inside = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for width, count, stride in (64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2):
        for i in range(count):
            parts.append(Bottleneck(inside, width, stride if i == 0 else 1))
            inside = 4 * width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000)).eval()


# In a small process of its own: memory of a process that is forked counts as the child's.
RUN = "import os, sys, time; t = time.time(); p = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]); _, s, u = os.wait4(p, 0);" \
      "print(s, u.ru_utime + u.ru_stime, time.time() - t, u.ru_maxrss * 1024)"


def run(*command):
    """Processor seconds, seconds, bytes of memory."""
    done = subprocess.run([sys.executable, "-S", "-c", RUN, *command], capture_output=True, text=True, check=True)
    status, *used = done.stdout.split()
    if int(status):
        sys.exit(f"{' '.join(command)}: failed: {done.stderr}")
    return [float(v) for v in used]


def torch_rate(net, x, batch):
    with torch.no_grad():
        start = time.process_time()
        for i in range(0, len(x), batch):
            net(x[i:i + batch])
        return len(x) / (time.process_time() - start)


def main():
    mho = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/mho")
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    torch.manual_seed(1)
    torch.set_num_threads(1)
    net, x = resnet50(), torch.rand(images, 3, 224, 224)
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/resnet50.onnx"
        torch.onnx.export(net, (x[:1],), model, opset_version=13, input_names=["x"], dynamic_axes={"x": {0: "N"}})
        np.savez(f"{folder}/all.npz", x=x.numpy(), y=np.zeros(images, np.int64))
        np.savez(f"{folder}/one.npz", x=x[:1].numpy(), y=np.zeros(1, np.int64))
        size = Path(model).stat().st_size
        infer = lambda data: run(mho, "infer", model, "--data", f"{folder}/{data}.npz", "--threads", "1", "--quiet", "-o",
                                 f"{folder}/out.json", "--json")[0]
        ours, theirs, load, seconds, memory = 0, 0, 1e9, 1e9, 0
        for _ in range(ROUNDS):
            ours = max(ours, (images - 1) / (infer("all") - infer("one")))
            for batch in 1, 8:
                theirs = max(theirs, torch_rate(net, x, batch))
                theirs = max(theirs, torch_rate(net.to(memory_format=torch.channels_last),
                                                x.to(memory_format=torch.channels_last), batch))
                net = net.to(memory_format=torch.contiguous_format)
            used, clock, memory = run(mho, "nets", model, "--quiet", "-o", f"{folder}/nets.json", "--json")
            load, seconds = min(load, used), min(seconds, clock)
    print(f"resnet50, {size / 1e6:.0f} MB, one thread: mho {ours:.2f}, PyTorch {torch.__version__} {theirs:.2f} images a processor "
          f"second, ratio {ours / theirs:.2f}; read in {load:.2f} s of processor time ({seconds:.2f} s), "
          f"{memory / size:.2f} x its size of memory")


main()
