# SPDX-License-Identifier: Apache-2.0
"""Modules of PyTorch as networks, crossbars as layers."""
import copy
import os
import pickle
import unittest

try:
    import torch
    from torch import nn
except ImportError:
    print("PyTorch is not installed (Debian: python3-torch): its bridge is not tested")
    raise SystemExit(77)

import mho
import mho.torch
import numpy as np
import stubs

FINE = mho.Hardware("cnn8", device={"variation": 0, "bits": 8}, output={"first_bits": 12, "last_bits": 12})


class Export(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def test_stubs(self):
        path = os.path.join(os.path.dirname(mho.__file__), "torch.pyi")
        self.assertEqual(stubs.differences(mho.torch, path), [])

    def test_from_torch(self):
        module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 5 * 5, 3))
        x = torch.rand(6, 1, 12, 12)
        net = mho.from_torch(module, x[:1])
        self.assertEqual((net.input_shape, net.output_shape), ((1, 12, 12), (3, 1, 1)))
        self.assertTrue(module.training)
        with torch.no_grad():
            self.assertTrue(np.allclose(net(x.numpy()), module(x).numpy(), atol=1e-5))
        hw = mho.Hardware("cnn8", **{"output.calibration_images": 6})
        r = mho.evaluate(net, hw, (x.numpy(), np.zeros(6, int)), trials=1, threads=1)
        self.assertGreater(r.energy_J.total, 0)


    def test_general(self):
        """Networks of operators that are no layers tell of their numbers, too."""
        gelu = mho.from_torch(nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 3)), torch.rand(1, 16))
        self.assertRegex(repr(gelu), "Network .*: 163 parameters, 152 MACs")
        lstm = mho.from_torch(nn.LSTM(8, 16, batch_first=True), torch.rand(1, 5, 8))
        self.assertGreaterEqual(lstm.parameters, 4 * 16 * (8 + 16 + 2))


class Layers(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def test_forward(self):
        x = torch.rand(20, 3, 9, 8) * 2 - 1
        conv = nn.Conv2d(3, 5, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2))
        linear = nn.Linear(8, 4)
        for exact, there in ((conv, mho.torch.convert(conv, FINE, threads=1)), (linear, mho.torch.convert(linear, FINE, threads=1))):
            want, got = exact(x), there(x)
            self.assertEqual(want.shape, got.shape)
            self.assertLess((want - got).abs().max().item(), 0.03 * want.abs().max().item())
            self.assertIs(there.weight, exact.weight)

    def test_half_precision(self):
        """Inputs and weights of bfloat16, and inputs that autocast made so: outputs have the type of the inputs, gradients that of what they belong to."""
        exact = nn.Linear(8, 4)
        x = torch.rand(20, 8)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            there = mho.torch.convert(exact, FINE, threads=1)
            y = there(nn.Identity()(x.bfloat16()))
        y.float().sum().backward()
        self.assertEqual((y.dtype, there.weight.grad.dtype), (torch.bfloat16, torch.float32))
        self.assertLess((exact(x) - y).abs().max().item(), 0.05 * exact(x).abs().max().item())
        half = mho.torch.convert(nn.Conv2d(2, 3, 3).bfloat16(), FINE, threads=1)
        y = half(torch.rand(2, 2, 5, 5).bfloat16())
        y.sum().backward()
        self.assertEqual((y.dtype, half.weight.grad.dtype), (torch.bfloat16, torch.bfloat16))

    def test_groups_and_padding(self):
        """Depthwise, two groups, and every way to pad; gradients are those of the exact layer."""
        convs = (
            nn.Conv2d(4, 4, 3, groups=4, padding=1), nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2, bias=False),
            nn.Conv2d(4, 3, 3, padding="same", dilation=2), nn.Conv2d(4, 2, 3, padding="valid"),
            nn.Conv2d(4, 8, 3, padding=(2, 1), padding_mode="reflect", groups=2), nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"),
        )  # fmt: skip
        for exact in convs:
            x = torch.rand(5, 4, 7, 8) * 2 - 1
            x[:, 2:] = x[:, 2:].abs()
            there = mho.torch.convert(exact, FINE, threads=1)
            results = []
            for layer in (exact, there):
                v = x.clone().requires_grad_()
                layer.zero_grad()
                y = layer(v)
                y.sum().backward()
                results.append((y.detach(), v.grad, layer.weight.grad.clone()))
            (want, *exact_grads), (got, *grads) = results
            self.assertEqual(want.shape, got.shape)
            self.assertLess((want - got).abs().max().item(), 0.03 * want.abs().max().item(), exact)
            for g, w in zip(grads, exact_grads):
                self.assertTrue(torch.allclose(g, w, atol=1e-4), exact)
            self.assertEqual(there(x[0]).shape, want[0].shape)

    def test_groups_have_cells_of_their_own(self):
        layer = nn.Conv2d(2, 2, 3, groups=2, bias=False)
        with torch.no_grad():
            layer.weight[1] = layer.weight[0]
        there = mho.torch.convert(layer, mho.Hardware("cnn8", device={"bits": 3, "variation": 0.8}), threads=1).eval()
        y = there(torch.rand(1, 1, 9, 9).expand(1, 2, 9, 9))
        self.assertFalse(torch.equal(y[:, 0], y[:, 1]))

    def test_what_changes_is_programmed(self):
        """Weights written past autograd, another description, seed or range: none meets stale cells."""
        x = torch.rand(12, 6)
        rough = mho.Hardware("cnn8", device={"bits": 3, "variation": 0.5})
        for train in (False, True):
            exact = nn.Linear(6, 3, bias=False)
            there = mho.torch.convert(exact, FINE, threads=1).train(train)
            there(x)
            there.weight.data.mul_(-2)
            self.assertLess((there(x) - exact(x)).abs().max().item(), 0.03 * exact(x).abs().max().item())
        there.eval()
        before = there(x)
        for change in ({"hw": rough}, {"seed": 5}, {"x_max": 0.5}, {"hw": "cnn8"}):
            for name, value in change.items():
                setattr(there, name, value)
            self.assertFalse(torch.equal(there(x), before), change)
            before = there(x)
            self.assertTrue(torch.equal(there(x), before))
        self.assertEqual(there.hw, mho.Hardware("cnn8"))
        with self.assertRaisesRegex(mho.UsageError, "cnn9"):
            there.hw = "cnn9"

    def test_batches(self):
        """Of no images, of other shapes, and in evaluation of some of the images."""
        x = torch.rand(12, 6)
        there = mho.torch.convert(nn.Linear(6, 3), FINE, threads=1)
        conv = mho.torch.convert(nn.Conv2d(2, 4, 3, groups=2), FINE, threads=1)
        self.assertEqual(there(x[:0]).shape, (0, 3))
        self.assertEqual(conv(torch.rand(0, 2, 5, 6)).shape, (0, 4, 3, 4))
        there(x[:0]).sum().backward()
        there.eval()
        y = there(x)
        self.assertTrue(torch.equal(there(x[3:5] * 1.0), y[3:5]))
        with self.assertWarnsRegex(mho.Note, "cut off at"):
            there(3 * x)
        for layer, bad, text in ((there, torch.rand(2, 4), "want 6 features"), (conv, torch.rand(2, 3, 5, 5), "want 2 channels"), (there, torch.tensor(1.0), "want 6")):
            with self.assertRaisesRegex(mho.DomainError, text):
                layer(bad)

    def test_gradients(self):
        """Those of the exact layer, whatever went forward."""
        x = torch.rand(10, 6, requires_grad=True)
        exact = nn.Linear(6, 3)
        rough = mho.torch.convert(exact, mho.Hardware("cnn8", device={"bits": 1}), threads=1)
        for layer in (exact, rough):
            layer.zero_grad()
            x.grad = None
            (layer(x) * torch.arange(3.0)).sum().backward()
            grads = [x.grad, layer.weight.grad, layer.bias.grad]
            if layer is exact:
                want = [g.clone() for g in grads]
        for g, w in zip(grads, want):
            self.assertTrue(torch.allclose(g, w, atol=1e-5))

    def test_tuning(self):
        """Training through the crossbars lessens the loss on them."""
        x = torch.rand(64, 10)
        y = (x[:, :5].sum(1) > x[:, 5:].sum(1)).long()
        model = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 2))
        mho.torch.convert(model, mho.Hardware("cnn8", device={"bits": 2, "variation": 0.5}), threads=1)
        step = torch.optim.Adam(model.parameters(), 0.03)
        losses = []
        for _ in range(25):
            step.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            step.step()
            losses.append(loss.item())
        self.assertLess(np.mean(losses[-5:]), 0.7 * losses[0])
        model.eval()
        with torch.no_grad():
            self.assertTrue((model(x) == model(x)).all())
            self.check_copies(model, x)

    def check_copies(self, model, x):
        """A copy, and what was saved, have the same cells; as a network it is that of its weights."""
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            for v in (0.3 * x, -x, x):  # whatever they meet first
                self.assertTrue((other(v) == model(v)).all())
        plain = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 2))
        plain.load_state_dict(model.state_dict())
        self.assertTrue(np.allclose(mho.from_torch(model, x[:1])(x.numpy()), plain(x).numpy(), atol=1e-5))

    def test_copies_with_noise(self):
        """A copy reads with the noise that comes next, too; given x_max, and groups."""
        noisy = mho.Hardware("cnn8", device={"read_noise": 0.1})
        conv = mho.torch.CrossbarConv2d(2, 2, 3, groups=2, hw=noisy, x_max=1.0, threads=1).eval()
        x = torch.rand(2, 2, 5, 5)
        with torch.no_grad():
            conv(x), conv(x - 0.2)
            other = copy.deepcopy(conv)
            for v in (0.3 * x, x - 0.1):
                self.assertTrue(torch.equal(other(v), conv(v)))
            self.assertFalse(torch.equal(other(x), other(x)))

    def test_signs(self):
        """Inputs that are never negative take one read; those with negative ones two, and what the others give stays in evaluation."""
        layer = mho.torch.CrossbarLinear(6, 3, hw=FINE, threads=1).eval()
        x = torch.rand(10, 6)
        with torch.no_grad():
            first, all = layer(x), [layer(v) for v in (-x, x, torch.cat((x, -x)))]
            for v, y in (x, first), (-x, all[0]):
                want = nn.functional.linear(v, layer.weight, layer.bias)
                self.assertLess((y - want).abs().max().item(), 0.03)
            self.assertTrue(torch.equal(all[1], first))
            self.assertTrue(torch.equal(all[2], torch.cat((first, all[0]))))
            self.assertFalse(layer._crossbars[0].signed)
            layer.train()(-x)
            self.assertTrue(layer._crossbars[0].signed)


if __name__ == "__main__":
    unittest.main(verbosity=1)
