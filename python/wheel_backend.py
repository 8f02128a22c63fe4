# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel (PEP 517) with what CMake and Python bring: no other package is needed.

The module in it holds the library (MHO_PYTHON_STATIC) and finds libyaml, libprotobuf-c, libmd, SQLite, zlib, libpng, libjpeg and libgomp on the system,
oneDNN when it is first used.  One wheel serves Python 3.11 and later.

The page of reports is bundled by npm, which fetches: a wheel takes the one that `./dev page` (or any build with npm) left in build/page,
if it is of these sources; `--config-settings page=on` builds it, `page=off` leaves it out."""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TAG = "cp311-abi3-linux_%s" % os.uname().machine


def _version():
    with open(os.path.join(TOP, "CMakeLists.txt")) as file:
        return re.search(r"project\(mho VERSION ([0-9.]+)", file.read()).group(1)


def _metadata(page):
    with open(os.path.join(TOP, "README.md")) as file:
        readme = file.read()
    lines = [
        "Metadata-Version: 2.1",
        "Name: mho",
        "Version: " + _version(),
        "Summary: Simulator and design-space explorer for RRAM neural-network accelerators",
        "License: Apache-2.0",
        "Requires-Python: >=3.11",
        "Provides-Extra: arrays",
        'Requires-Dist: numpy>=1.24; extra == "arrays"',
        "Provides-Extra: frames",
        'Requires-Dist: pandas>=1.5; extra == "frames"',
        "Description-Content-Type: text/markdown",
        "Keywords: pages" if page else "Keywords: without-pages",
    ]
    return "\n".join(lines) + "\n\n" + readme


def _run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout[-4000:], file=sys.stderr)
        raise SystemExit("mho: failed: " + " ".join(command))


def _page(folder, settings):
    """What CMake is told about the page: in AUTO it takes one that is there."""
    wanted = (settings or {}).get("page", "auto")
    if wanted not in ("auto", "on", "off"):
        raise SystemExit("mho: page=%s, want auto, on or off" % wanted)
    built = os.path.join(TOP, "build", "page")
    names = ("report.html", "stamp")
    there = all(os.path.exists(os.path.join(built, name)) for name in names)
    if wanted == "auto" and there:
        os.makedirs(os.path.join(folder, "page"))
        for name in names:
            shutil.copy(os.path.join(built, name), os.path.join(folder, "page", name))
        return "-DMHO_PAGE=AUTO", "-DMHO_NPM="  # which is not asked
    return ("-DMHO_PAGE=" + ("ON" if wanted == "on" else "OFF"),)


def _has_page(folder):
    with open(os.path.join(folder, "CMakeCache.txt")) as file:
        return "MHO_HAS_PAGE:INTERNAL=TRUE" in file.read()


def _build(folder, settings):
    for tool in ("cmake", "ninja"):
        if not shutil.which(tool):
            raise SystemExit("mho: %s is missing; README.md tells what a build needs (`./dev build` installs it)" % tool)
    _run(
        "cmake", "-G", "Ninja", "-S", TOP, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DMHO_TESTS=OFF", "-DMHO_PYTHON=ON",
        "-DMHO_PYTHON_STATIC=ON", "-DMHO_PYTHON_EXECUTABLE=" + sys.executable, "-DMHO_PYTHON_INSTALL_DIR=.",
        *_page(folder, settings),
    )  # fmt: skip
    if not os.path.isdir(os.path.join(folder, "python", "mho")):
        raise SystemExit("mho: no headers of %s: its development package is missing" % sys.executable)
    if not _has_page(folder):
        print("mho: a wheel without pages (save_html, mho.report): `./dev page` builds them first, or --config-settings page=on")
    _run("cmake", "--build", folder, "--target", "mho_python")


def _files(folder):
    """(name in the wheel, path) of all."""
    for source in (os.path.join(TOP, "python", "mho"), os.path.join(folder, "python", "mho")):
        for here, _, names in sorted(os.walk(source)):
            for name in sorted(names):
                path = os.path.join(here, name)
                if name.endswith((".py", ".pyi", ".so")) and not os.path.islink(path) or name == "py.typed":
                    yield "mho/" + os.path.relpath(path, source), os.path.realpath(path)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    about = "mho-%s.dist-info" % _version()
    name = "mho-%s-%s.whl" % (_version(), TAG)
    record = []

    def add(wheel, inside, data):
        info = zipfile.ZipInfo(inside, (2020, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        wheel.writestr(info, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append("%s,sha256=%s,%d" % (inside, digest, len(data)))

    with tempfile.TemporaryDirectory() as folder:
        _build(folder, config_settings)
        with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
            seen = set()
            for inside, path in _files(folder):
                if inside not in seen:
                    with open(path, "rb") as file:
                        add(wheel, inside, file.read())
                seen.add(inside)
            add(wheel, about + "/METADATA", _metadata(_has_page(folder)).encode())
            kind = "Wheel-Version: 1.0\nGenerator: mho\nRoot-Is-Purelib: false\nTag: %s\n" % TAG
            add(wheel, about + "/WHEEL", kind.encode())
            with open(os.path.join(TOP, "LICENSE"), "rb") as file:
                add(wheel, about + "/LICENSE", file.read())
            record.append(about + "/RECORD,,")
            wheel.writestr(about + "/RECORD", "\n".join(record) + "\n")
    return name


def get_requires_for_build_wheel(config_settings=None):
    return []
