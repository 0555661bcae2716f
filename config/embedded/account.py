"""Which account of the machine a server runs as: ours, or an unprivileged one where we are root."""

import os
import pwd
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNPRIVILEGED = ("postgres", "nobody")
CACHE = Path("/var/cache/laurel")


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


def readable_copy(tree: Path, parts: tuple[str, ...], version: str, cache: Path = CACHE) -> Path:
    """The tree itself if every account may read it, else a copy of these parts where every account may."""
    if all(_is_open_to_all(tree / part) for part in parts):
        return tree
    newest = max((tree / part).stat().st_mtime_ns for part in parts)
    copy = cache / f"{tree.name}-{version}-{newest:x}"
    if not copy.is_dir():
        _copy_tree(tree, parts, copy)
    return copy


def _copy_tree(tree: Path, parts: tuple[str, ...], copy: Path) -> None:
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    for part in parts:
        if (tree / part).is_dir():
            shutil.copytree(tree / part, draft / part, symlinks=True)
        else:
            shutil.copy2(tree / part, draft)
    for path in (copy.parent, draft, *draft.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))
    try:
        draft.rename(copy)
    except OSError:  # somebody else was faster
        shutil.rmtree(draft)


def _is_open_to_all(path: Path) -> bool:
    passable = all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.is_dir())
    return passable and bool(path.stat().st_mode & 0o004)
