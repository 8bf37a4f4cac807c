"""How much memory a running doorbell keeps that nothing of it uses."""

import ctypes

LARGE = 4 * 1024 * 1024
"""Bytes: a picture of 1280 x 720 in colours is less, the hash of a password takes five times as much."""
HEAPS = 2
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of glibc's malloc.h


def keep_little() -> bool:
    """Have what is large go back to the system when it is let go, and threads share their heaps.

    To be called before threads are there, whose heaps stay. glibc gives each thread a heap of its own, which does not
    become smaller, and puts into it whatever is no larger than the largest piece that was ever let go. After one
    password had been hashed, in 19 MiB, the next one's 19 MiB stayed with the thread of the page that had hashed it,
    for as long as the process ran, and so for each such thread; and some twenty threads kept what each had ever used.

    Returns whether the C library lets itself be told.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, which does nothing of that kind
        return False
    return all([mallopt(_MMAP_THRESHOLD, LARGE), mallopt(_TRIM_THRESHOLD, LARGE), mallopt(_ARENA_MAX, HEAPS)])
