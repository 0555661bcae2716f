"""Imports a file and tells how much memory that took (`python -m config.bench.memory CODE FILE`)."""

import json
import resource
import sys
from pathlib import Path

import django

STATUS = Path("/proc/self/status")


def peak() -> int:
    """The most kilobytes that this process has held. (getrusage counts what the parent held before the start, too.)"""
    if STATUS.exists():
        return int(STATUS.read_text().partition("VmHWM:")[2].split()[0])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used // 1024 if sys.platform == "darwin" else used


def main(code: str, path: str) -> None:
    from loyalty.programs.queries.programs import program_by_code
    from loyalty.programs.services.imports import import_purchases

    with Path(path).open("rb") as stream:
        report = import_purchases(program_by_code(code), stream, actor="bench")
    print(json.dumps({"rows": report.imported, "peak": peak()}))


if __name__ == "__main__":
    django.setup()
    main(*sys.argv[1:])
