# SPDX-License-Identifier: Apache-2.0
"""Reads of programmed cells go on beside each other; programming waits for them, and they for it."""

import threading
from contextlib import contextmanager

from ._errors import UsageError


class Guard:
    """``with guard:`` around reads, ``with guard.alone():`` around programming, of whatever threads."""

    def __init__(self):
        self._free = threading.Condition()
        self._readers = []  # a thread's number for each read
        self._waiting = 0  # programmings; new reads let them go first
        self._alone = False

    def __enter__(self):
        me = threading.get_ident()
        with self._free:
            if self._alone:  # others do not come here until it is over
                raise UsageError("the cells are being programmed by this very call")
            while self._waiting and me not in self._readers:
                self._free.wait()
            self._readers.append(me)

    def __exit__(self, *_):
        with self._free:
            self._readers.remove(threading.get_ident())
            if not self._readers:
                self._free.notify_all()

    @contextmanager
    def alone(self):
        with self._free:
            if self._alone or threading.get_ident() in self._readers:
                raise UsageError("program: not within another call of the same cells")
            self._waiting += 1
            try:
                while self._readers:
                    self._free.wait()
            finally:
                self._waiting -= 1
                self._free.notify_all()
            self._alone = True
            try:
                yield
            finally:
                self._alone = False
