"""One process of the package `lockfolder`: takes the lock and gives it back until there is a file that says stop."""

import os
import pathlib
import random
import sys
import time

from lockfolder import lockfolder

OVERLAP = 3


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def enter(witness):
    """A link is made whole or not at all, and once: it says who is inside."""
    while True:
        try:
            return os.symlink(str(os.getpid()), witness)
        except FileExistsError:
            if not has_ended(os.readlink(witness)):
                sys.exit(OVERLAP)
            os.unlink(witness)


def try_lock(folder):
    try:
        return lockfolder.lock(folder)
    except (OSError, ValueError):
        # The package leaves its bid where it meets one that is half written, or gone by then.
        if lockfolder.have_lock(folder):
            lockfolder.unlock(folder)
        return False


def main():
    folder, witness, stop = (pathlib.Path(path) for path in sys.argv[1:])
    lockfolder.setup()
    os.write(1, lockfolder.g[lockfolder.UUID].encode() + b"\n!")
    while not stop.exists():
        if not try_lock(folder):
            time.sleep(random.random() * 0.008)
            continue
        enter(witness)
        os.write(1, b"\x01")
        os.unlink(witness)
        lockfolder.unlock(folder)


main()
