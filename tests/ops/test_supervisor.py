"""The supervisor over small programs: told apart, started again, given up on, and none left behind."""

import os
import signal
import subprocess
import sys

import pytest

from tests.ops.processes import CHECKOUT, DEADLINE, eventually, mentioning

HARNESS = """
import sys
from rich.console import Console
from config.supervisor import Child, GaveUp, Supervisor

children = [Child(name, "green", [sys.executable, "-c", text, folder]) for name, text, folder in {children!r}]
try:
    supervisor = Supervisor(children, Console(width=200), {{}})
    supervisor.run(is_ready=lambda: True, when_ready=lambda: print("up", flush=True))
except GaveUp as error:
    sys.exit(str(error))
"""
IDLES = "import time; print('idling', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
HAS_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {IDLES!r}, *sys.argv[1:]])"
FAILS = "import sys; sys.exit('no such thing')"


@pytest.fixture
def supervise(tmp_path):
    """Starts a supervisor over such programs; each carries the test's folder on its command line."""
    started = []

    def start(**programs: str) -> subprocess.Popen:
        children = [(name, text, str(tmp_path)) for name, text in programs.items()]
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", HARNESS.format(children=children)],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for pid in mentioning(tmp_path):
        os.kill(pid, signal.SIGKILL)


def read_until(process: subprocess.Popen, text: str) -> str:
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never said: {process.stderr.read()}")


def children_of(process: subprocess.Popen, folder) -> list[int]:
    return [pid for pid in mentioning(folder) if pid != process.pid]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_everything_grandchildren_included(supervise, tmp_path, number):
    process = supervise(one=IDLES, two=HAS_A_CHILD)
    assert eventually(lambda: len(children_of(process, tmp_path)) == 3)
    read_until(process, "up")
    process.send_signal(number)
    assert process.wait(DEADLINE) == 0
    assert mentioning(tmp_path) == []


def test_every_line_says_whose_it_is(supervise):
    process = supervise(one=IDLES)
    assert read_until(process, "idling") == "one    │ idling\n"


def test_a_killed_child_is_started_again_without_what_it_left(supervise, tmp_path):
    process = supervise(two=HAS_A_CHILD)
    read_until(process, "idling")
    before = children_of(process, tmp_path)
    os.kill(min(before), signal.SIGKILL)
    assert "starting again in 0.5 s" in read_until(process, "ended with status -9")
    read_until(process, "idling")
    after = children_of(process, tmp_path)
    assert len(after) == 2
    assert set(before).isdisjoint(after)


def test_what_never_starts_is_given_up_and_the_rest_ended(supervise, tmp_path):
    process = supervise(one=IDLES, two=FAILS)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert errors == "two ended 3 times as soon as it started: its lines above say why.\n"
    assert output.count("two    │ no such thing") == 3
    assert mentioning(tmp_path) == []


def test_a_second_signal_ends_what_does_not_listen(supervise, tmp_path):
    process = supervise(one=STUBBORN)
    read_until(process, "deaf")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE / 2) == 0
    assert mentioning(tmp_path) == []


def test_children_end_when_the_supervisor_is_killed(supervise, tmp_path):
    process = supervise(one=IDLES)
    read_until(process, "idling")
    process.kill()
    assert eventually(lambda: mentioning(tmp_path) == [])
