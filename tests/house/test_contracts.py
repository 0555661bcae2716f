"""The import contracts of pyproject.toml hold, and the wires of config/wiring.py lead somewhere."""

import shutil
import subprocess
import sys
from pathlib import Path

from django.utils.module_loading import import_string

from config import wiring

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_points_downwards():
    linter = shutil.which("lint-imports") or str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_wire_ends_at_a_subscriber():
    subscribers = [path for paths in wiring.WIRES.values() for path in paths] + wiring.EVERY
    assert [path for path in subscribers if not callable(import_string(path))] == []


def test_every_wired_event_exists_and_is_frozen():
    for event in wiring.WIRES:
        cls = import_string(event) if isinstance(event, str) else event
        assert cls.__dataclass_params__.frozen, event


def test_subscribers_live_above_their_publishers():
    """A wire goes up or sideways; down would be a call."""
    floors = ["lib", "outbox", "ledger", "members", "programs", "insights", "messaging", "portal"]
    height = {f"loyalty.{floor}": number for number, floor in enumerate(floors)}

    def floor_of(path: str) -> int:
        return height.get(".".join(path.split(".")[:2]), len(floors))

    for event, paths in wiring.WIRES.items():
        name = event if isinstance(event, str) else f"{event.__module__}.{event.__qualname__}"
        assert [path for path in paths if floor_of(path) < floor_of(name)] == []
