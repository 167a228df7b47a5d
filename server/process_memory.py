"""How a serving process keeps its memory: what is done before it loads and opens everything, and once it is
ready. It is a matter of tens of megabytes, and of a sixth of the time that a start takes."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

# <malloc.h> of the GNU C library.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
LARGE = 1024 * 1024
ARENAS = 2
YOUNG = 10_000
"""Objects that may be new before a look; Python's own 700 is a look every second call."""


def before_loading() -> None:
    """Let malloc give back what is free, and Python look for no garbage until all is there: each look would go
    through everything that has been loaded so far, and find nothing."""
    _bound_malloc()
    gc.disable()


def once_ready() -> None:
    """Look for garbage from now on, but never again through what is there by now: it stays for good. Else
    every look at all of it would hold up the calls at work, for a tenth of a second and more. And look more
    seldom: a call leaves hundreds of objects that count and next to no garbage that needs it."""
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()


def _bound_malloc() -> None:
    """Keep large blocks apart from small ones, so that they are given back when they are free. Left to itself,
    glibc raises its threshold with the first that it frees: every hashing of a password, 19 MB, would stay
    with the process, once for each arena, of which it makes eight for each processor."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError):  # another C library, which has no such thing
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, LARGE)
        mallopt(_M_TRIM_THRESHOLD, LARGE)
        mallopt(_M_ARENA_MAX, ARENAS)
