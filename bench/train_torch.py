# SPDX-License-Identifier: Apache-2.0
"""The peer of bench_train: the same networks, batch and work in PyTorch (Debian's python3-torch), one thread,
channels-last.  Prints CPU seconds of an epoch of 60,000 images, measured on 12,000.

    python3 bench/train_torch.py [THREADS] [BATCH]
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

IMAGES, EPOCH = 12000, 60000


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1)


class BinaryConv(nn.Conv2d):
    def forward(self, x):
        return F.conv2d(x, Sign.apply(self.weight))


class BinaryLinear(nn.Linear):
    def forward(self, x):
        return F.linear(x, Sign.apply(self.weight))


class Activate(nn.Module):
    def forward(self, x):
        return Sign.apply(x)


def float_net():
    return nn.Sequential(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))


def binary_net():
    return nn.Sequential(BinaryConv(1, 20, 5, bias=False), nn.BatchNorm2d(20), nn.MaxPool2d(2), Activate(),
                         BinaryConv(20, 50, 5, bias=False), nn.BatchNorm2d(50), nn.MaxPool2d(2), Activate(),
                         nn.Flatten(), BinaryLinear(800, 500, bias=False), nn.BatchNorm1d(500), Activate(),
                         BinaryLinear(500, 10, bias=False), nn.BatchNorm1d(10))


def epoch(net, optimizer, x, y, batch, binary):
    net.train()
    for i in range(0, IMAGES - batch + 1, batch):
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x[i:i + batch]), y[i:i + batch])
        loss.backward()
        optimizer.step()
        if binary:
            with torch.no_grad():
                for p in net.parameters():
                    if p.dim() > 1:
                        p.clamp_(-1, 1)


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    x = torch.rand(IMAGES, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    y = torch.randint(10, (IMAGES,))
    for name, make in ("float", float_net), ("binary", binary_net):
        net = make().to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(net.parameters())
        cpu = wall = float("inf")
        for _ in range(3):
            start, clock = time.process_time(), time.perf_counter()
            epoch(net, optimizer, x, y, batch, name == "binary")
            cpu = min(cpu, time.process_time() - start)
            wall = min(wall, time.perf_counter() - clock)
        scale = EPOCH / IMAGES
        print(f"torch {name:6s}  {cpu * scale:6.2f} CPU s an epoch  {wall * scale:6.2f} s  threads {threads}  "
              f"batch {batch}")


main()
