# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file system with one file in it that can be opened and looked at, and never read: each read waits until the file
system goes. It speaks the protocol of /dev/fuse itself (linux/fuse.h, version 7.31), so that nothing has to be installed."""

import ctypes
import errno
import os
import stat
import struct
import threading

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, INIT = 1, 2, 3, 14, 15, 18, 26
INTERRUPT, BATCH_FORGET = 36, 42
SILENT = (FORGET, INTERRUPT, BATCH_FORGET)
DIRECT_IO = 1
MNT_FORCE, MNT_DETACH = 1, 2
ROOT, FILE = 1, 2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class StuckFs:
    """`path` names the file; `reading` is set when somebody has begun to read it. OSError where a file system cannot be
    mounted here."""

    def __init__(self, directory, size=1000):
        self.directory = directory
        self.path = os.path.join(directory, "file")
        self.size = size
        self.reading = threading.Event()
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        try:
            options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other"
            _check(_libc.mount(b"stuck", os.fsencode(directory), b"fuse", 0, options.encode()))
        except OSError:
            os.close(self._device)
            raise
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        """All that waits for an answer fails."""
        if self._thread:
            _libc.umount2(os.fsencode(self.directory), MNT_FORCE | MNT_DETACH)
            self._thread.join()
            self._thread = None

    def _serve(self):
        while True:
            try:
                request = os.read(self._device, 1 << 18)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                break
            _, opcode, unique, node = struct.unpack_from("=IIQQ", request)
            if opcode == READ:
                self.reading.set()
            elif opcode not in SILENT:
                self._answer(unique, *self._result(opcode, node))
        os.close(self._device)

    def _answer(self, unique, error, data=b""):
        try:
            os.write(self._device, struct.pack("=IiQ", 16 + len(data), -error, unique) + data)
        except OSError:
            pass  # who asked has gone

    def _result(self, opcode, node):
        if opcode == INIT:
            return 0, struct.pack("=IIIIHHIIHHI28x", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0)
        if opcode == LOOKUP:
            return 0, struct.pack("=QQQQII", FILE, 0, 3600, 3600, 0, 0) + self._attributes(FILE)
        if opcode == GETATTR:
            return 0, struct.pack("=QII", 3600, 0, 0) + self._attributes(node)
        if opcode == OPEN:
            return 0, struct.pack("=QII", 1, DIRECT_IO, 0)
        if opcode == RELEASE:
            return (0,)
        return (errno.ENOSYS,)

    def _attributes(self, node):
        mode, size = (stat.S_IFDIR | 0o755, 0) if node == ROOT else (stat.S_IFREG | 0o644, self.size)
        return struct.pack("=6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
