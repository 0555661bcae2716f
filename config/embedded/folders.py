"""Where the embedded servers keep things under LAUREL_HOME.

<home>/<server>/data    what the server stores; belongs to the account that it runs as
<home>/<server>/run     its socket, unless the path is too long or too odd for an address: then /tmp/laurel-…
<home>/run              locks of the processes that use it
<home>/log              what it says
"""

import hashlib
import os
import re
import stat
from pathlib import Path

from config.embedded.account import Account

CHECKOUT = Path(__file__).resolve().parents[2]

# A socket's path may have 107 bytes on Linux and 103 elsewhere; some room is left for lock files beside it.
SOCKET_PATH_LIMIT = 96
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


class UnsafeFolder(Exception):
    """A folder that somebody else could read or has put in our way."""


def home() -> Path:
    """LAUREL_HOME as an absolute path without links."""
    return Path(os.environ.get("LAUREL_HOME") or CHECKOUT / ".laurel").expanduser().resolve()


def socket_folder(home: Path, server: str, socket: str) -> Path:
    """Where the server's socket lies: in its folder, or under /tmp where that path does not fit."""
    inside = home / server / "run"
    path = str(inside / socket)
    if len(path) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(path):
        return inside
    return Path("/tmp") / f"laurel-{server}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"  # noqa: S108


def make_passable(folder: Path) -> None:
    """Make a folder that others may pass through but not read."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)


def make_private(folder: Path, account: Account) -> None:
    """Make a folder of that account that nobody else may enter; refuse one that somebody else made."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise UnsafeFolder(f"{folder} belongs to somebody else")
    if found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def open_shared(path: Path, flags: int) -> int:
    """Open a file beside our data. What root creates in somebody's folder belongs to that somebody."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    owner = path.parent.stat().st_uid
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid != owner:
        os.fchown(descriptor, owner, -1)
    return descriptor
