"""What the kernel tells about other processes. Where there is no /proc it tells nothing, and the lists are empty."""

import os
from pathlib import Path

PROC = Path("/proc")


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
