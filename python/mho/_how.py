# SPDX-License-Identifier: Apache-2.0
"""How a call is carried out: threads, and progress."""

import sys
import time

from ._errors import natural


class _Bar:
    """A bar on stderr, shown once a piece of work looks like taking over two seconds."""

    def __init__(self, out):
        self.out, self.what, self.start, self.shown = out, None, 0.0, False

    def clear(self):
        if self.shown:
            self.out.write("\r\033[K")
            self.out.flush()
        self.shown = False

    def __call__(self, what, done, total, unit):
        now = time.monotonic()
        if what != self.what:
            self.what, self.start = what, now
        elapsed = now - self.start
        if not total or done >= total:
            self.clear()
        elif done and (self.shown or (elapsed > 0.3 and elapsed * total / done > 2)):
            filled = 24 * done // total
            rate = done / elapsed if elapsed else 0.0
            left = (total - done) / rate if rate else 0.0
            self.out.write(
                "\r\033[K%s [%s%s] %3d %%  %.3g %s/s  %.0f s left"
                % (what, "#" * filled, "." * (24 - filled), 100 * done // total, rate, unit, left)
            )
            self.out.flush()
            self.shown = True
        return True


class how:
    """``with how(threads, progress) as h:`` gives what the extension takes; clears the bar afterwards."""

    def __init__(self, threads, progress):
        self.bar = None
        if threads is None:
            threads = 0
        if progress is None:
            progress = bool(getattr(sys.stderr, "isatty", lambda: False)())
        if progress is True:
            progress = self.bar = _Bar(sys.stderr)
        elif progress is False:
            progress = None
        elif not callable(progress):
            raise TypeError("progress: want True, False, None or a callable")
        self.pair = (natural("threads", threads, 1024), progress)

    def __enter__(self):
        return self.pair

    def __exit__(self, *_):
        if self.bar:
            self.bar.clear()
