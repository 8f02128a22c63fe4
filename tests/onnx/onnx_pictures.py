# SPDX-License-Identifier: Apache-2.0
"""Networks that decode pictures themselves, with files by hand and what they hold, for tests/cli/onnx.sh."""
import base64
import struct
import sys
import zlib

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper
except ImportError:
    sys.exit(77)

random = np.random.default_rng(5)
rgb = random.integers(0, 256, (3, 5, 3), dtype=np.uint8)
MANY = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft.extensions", 1)]


def network(name, nodes, rank_in=1, rank_out=3):
    info = lambda k, rank: helper.make_tensor_value_info(k, T.UINT8, [None] * rank)
    graph = helper.make_graph(nodes, name, [info("x", rank_in)], [info("y", rank_out)])
    onnx.save(helper.make_model(graph, opset_imports=MANY, ir_version=8), name + ".onnx")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels):
    h, w, c = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", w, h, 8, 2 if c == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp(pixels, bits=24, palette=b"", above=False):
    h, w = pixels.shape[:2]
    rows = pixels if above else pixels[::-1]
    data = b"".join(r.tobytes() + bytes(-len(r.tobytes()) % 4) for r in rows)
    at = 54 + len(palette)
    return (b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) +
            struct.pack("<IiiHHIIiiII", 40, w, -h if above else h, 1, bits, 0, len(data), 0, 0, len(palette) // 4, 0) + palette + data)


def keep(name, data, pixels):
    np.save(name + ".bytes.npy", np.frombuffer(data, np.uint8))
    np.save(name + ".pixels.npy", pixels)


for kind in "RGB", "BGR", "Grayscale":
    network("decode" + kind, [helper.make_node("ImageDecoder", ["x"], ["y"], "decoder", pixel_format=kind)])
network("decodePlain", [helper.make_node("DecodeImage", ["x"], ["y"], domain="com.microsoft.extensions")])
network("reencode", [helper.make_node("EncodeImage", ["x"], ["file"], domain="com.microsoft.extensions", format="png"),
                     helper.make_node("ImageDecoder", ["file"], ["y"], pixel_format="BGR")], 3)
network("encodeJpeg", [helper.make_node("EncodeImage", ["x"], ["y"], domain="com.microsoft.extensions", format="jpg")], 3, 1)
r, g, b = rgb.astype(int).transpose(2, 0, 1)
grey = ((19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16).astype(np.uint8)[:, :, None]
open("a.png", "wb").write(png(rgb))
open("a.tif", "wb").write(b"II*\0" + bytes(60))
np.save("tif.npy", np.fromfile("a.tif", np.uint8))
np.save("flat.npy", rgb)
keep("png", png(rgb), rgb)
keep("pnggrey", png(grey), np.repeat(grey, 3, 2))
keep("bgr", png(rgb), rgb[:, :, ::-1])
keep("grey", png(rgb), grey)
keep("ppm", b"P6 5 3 255\n" + rgb.tobytes(), rgb)
keep("bmp", bmp(rgb[:, :, ::-1]), rgb)
keep("bmpabove", bmp(rgb[:, :, ::-1], above=True), rgb)
keep("bmp32", bmp(np.concatenate([rgb[:, :, ::-1], rgb[:, :, :1]], 2), 32), rgb)
colours = random.integers(0, 256, (7, 4), dtype=np.uint8)
index = random.integers(0, 7, (3, 5), dtype=np.uint8)
keep("bmp8", bmp(index, 8, colours.tobytes()), colours[index][:, :, 2::-1])
# Two blocks of one value each, as Pillow wrote them: grey, and colours of all pixels.
GREY = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    "EBAQEBAQH/wAALCAAIABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACgv/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/ACfqgD//2Q==")
COLOURS = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    "EBAQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAAI"
    "ABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABgn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFgEBAQEAAAAAAAAAAAAAAAAACQoL/8"
    "QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8APivNggu0EEj7/9k=")
halves = np.repeat([0, 1], 8)
keep("jpeggrey", GREY, np.tile(np.array([40, 200], np.uint8)[halves, None], (8, 1, 3)))
keep("jpeg", COLOURS, np.tile(np.array([[200, 100, 50], [10, 60, 219]], np.uint8)[halves], (8, 1, 1)))
np.save("cut.npy", np.frombuffer(bmp(rgb)[:-9], np.uint8))
np.save("beyond8.npy", np.frombuffer(bmp(index + 1, 8, colours.tobytes()), np.uint8))
