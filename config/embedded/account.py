"""Which account of the machine a server runs as: ours, or an unprivileged one where we are root."""

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNPRIVILEGED = ("postgres", "nobody")


class NoAccount(Exception):
    """Root asked, and the machine has no account to hand over to."""


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    is_other: bool  # not the one that we run as

    def popen(self) -> dict[str, Any]:
        """Arguments of subprocess.Popen that make a program run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}


def account_for(home: Path, data: Path) -> Account:
    """Ours; for root the owner of the data or of the home, else an unprivileged account."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    for folder in (data, home):
        if folder.exists() and (uid := folder.stat().st_uid) != 0:
            return _account(pwd.getpwuid, uid)
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam, name)
        except NoAccount:
            continue
    raise NoAccount


def _account(find: Callable[[Any], pwd.struct_passwd], key: int | str) -> Account:
    try:
        entry = find(key)
    except KeyError:
        raise NoAccount from None
    return Account(entry.pw_uid, entry.pw_gid, is_other=True)
