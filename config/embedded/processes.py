"""What the kernel does and tells about other processes. Where there is no Linux it does and tells nothing."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

PROC = Path("/proc")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def end_with_parent(number: int) -> Callable[[], None]:
    """For Popen's preexec_fn: the kernel sends the child this signal when the thread that starts it is gone."""

    def ask() -> None:
        if _libc:
            _libc.prctl(PR_SET_PDEATHSIG, number)

    return ask


def adopt_orphans() -> None:
    """Whoever among our descendants loses its parent becomes our child."""
    if _libc:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def living_in(folder: Path) -> list[int]:
    """The processes whose working folder that is, as far as we may know."""
    try:
        wanted = folder.stat()
    except OSError:
        return []
    return [pid for pid in _all() if pid != os.getpid() and _is_in(pid, wanted)]


def children() -> list[int]:
    """Our own children, orphans that the kernel gave us among them."""
    return [pid for pid in _all() if _parent(pid) == os.getpid()]


def is_alive_elsewhere(pid: int, folder: Path) -> bool:
    """Whether a process lives that works in another folder. False also where we may not know."""
    try:
        return not os.path.samestat(os.stat(PROC / str(pid) / "cwd"), folder.stat())
    except OSError:
        return False


def start_thread(target: Callable[..., None], *args: object) -> Thread:
    """Start a helper that leaves all signals to the main thread: one that takes them would not wake it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread = Thread(target=target, args=args, daemon=True)
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def _all() -> list[int]:
    return [int(path.name) for path in PROC.glob("[0-9]*")]


def _is_in(pid: int, folder: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(PROC / str(pid) / "cwd"), folder)
    except OSError:
        return False


def _parent(pid: int) -> int | None:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
