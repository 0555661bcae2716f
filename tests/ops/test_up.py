"""`manage.py up` as an operator meets it: one command, everything running, one Ctrl-C, nothing left."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.processes import CHECKOUT, eventually, mentioning

DEADLINE = 180

pytestmark = pytest.mark.xdist_group("up")  # they share one home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("up") / "home"
    yield folder
    for pid in running(folder):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def up(home: Path, *arguments: str, command: str = "up", **environ: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", command, *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "LAUREL_HOME": str(home), "STATIC_MANIFEST": "0", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def running(home: Path) -> list[int]:
    """Everything that runs for this home: the servers, and every process with it in its environment."""
    found = set(mentioning(home))
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"LAUREL_HOME={home}".encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return sorted(found)


def read_until(process: subprocess.Popen, text: str) -> str:
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(said + process.stderr.read())


def status_of(port: int) -> int | None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status
    except OSError:
        return None
    finally:
        line.close()


def pids_of(home: Path, program: str) -> list[int]:
    return [pid for pid in running(home) if program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_up_sets_up_serves_on_a_free_port_mends_itself_and_leaves_nothing_after_ctrl_c(home, taken_port):
    process = up(home, "--port", str(taken_port))
    said = read_until(process, "Ctrl-C stops it")
    port = int(re.search(r"is taken: using (\d+)", said)[1])
    assert port > taken_port
    assert f"http://127.0.0.1:{port}/admin/" in said
    assert status_of(port) == 200
    assert "Applying" not in said  # a progress bar, not Django's list

    os.kill(min(pids_of(home, "granian")), signal.SIGKILL)
    read_until(process, "web    │ ended with status -9")
    assert eventually(lambda: status_of(port) == 200, within=DEADLINE)

    os.kill(int((home / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert eventually(lambda: status_of(port) == 200, within=DEADLINE)

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, errors) == (0, "")
    assert output.endswith("Stopped.\n")
    assert running(home) == []


def test_nothing_is_left_when_the_supervisor_is_killed(home, taken_port):
    process = up(home, "--port", str(taken_port))
    read_until(process, "Ctrl-C stops it")
    process.kill()
    process.communicate()
    assert eventually(lambda: running(home) == [], within=DEADLINE)


def test_demo_sets_up_prints_the_sign_ins_and_a_second_run_keeps_the_data(home):
    said = []
    for _ in range(2):
        process = up(home, "--no-serve", command="demo", COLUMNS="120")
        output, errors = process.communicate(timeout=DEADLINE * 2)
        assert (process.returncode, errors) == (0, ""), output + errors
        assert running(home) == []
        said.append(output.partition("Sample sign-ins")[2])
    assert "ada@aurora.example" in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["--host", "203.0.113.1"], {}, "Cannot listen on 203.0.113.1, port 8000"),
        ([], {"CELERY_BROKER_URL": "nonsense://"}, "ended 3 times as soon as it started"),
    ],
)
def test_what_cannot_start_ends_with_a_sentence_and_nothing_left(home, arguments, environ, sentence):
    process = up(home, *arguments, **environ)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert sentence in errors, output + errors
    assert running(home) == []
