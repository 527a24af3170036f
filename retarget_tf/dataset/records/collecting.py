"""Keeps Python's garbage collection out of the threads that fetch records from a store for a data set.

Python collects in whatever thread has just allocated. The garbage may hold the iterator of a data set, as after an
exception, and its destructor waits for the fetches that are under way. In a thread that such a fetch needs, be it
TensorFlow's or fsspec's, it waits for ever. So from the first data set on, one thread collects that no fetch needs.
"""

import atexit
import functools
import gc
import threading
import time

THREAD_NAME = "garbage collection"
_INTERVAL = 0.1  # seconds
_LONGEST_SHARE = 0.02  # of the time, for collections of everything, which take half a second with TensorFlow


@functools.cache
def collect_in_own_thread() -> None:
    """Turns automatic collection off for this process, and collects in a thread instead; a second call does nothing."""
    gc.disable()
    # When Python ends, fetches cannot end any more: what waits for them must be gone before.
    atexit.register(gc.collect)
    threading.Thread(target=_collect, name=THREAD_NAME, daemon=True).start()


def _collect() -> None:
    """Collects as Python would: a generation when it has been added to often enough, everything more seldom."""
    oldest, not_before = 2, 0.0
    while True:
        time.sleep(_INTERVAL)
        added, enough = gc.get_count(), gc.get_threshold()
        due = [generation for generation in range(oldest + 1) if enough[0] and added[generation] > enough[generation]]
        if oldest in due and time.monotonic() < not_before:
            due.remove(oldest)
        if not due:
            continue
        before = time.monotonic()
        gc.collect(due[-1])
        after = time.monotonic()
        if due[-1] == oldest:
            not_before = after + (after - before) / _LONGEST_SHARE
