"""The parent of one embedded server: starts it again when it is killed, stops it when its last user is gone.

Run as `python -m config.embedded.guardian SERVER HOME LOCK`, where LOCK is the inherited descriptor of the
lock `guardian`. It is small: no Django. On Linux the kernel sees to it that the server does not outlive it.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue

from config.embedded.postgres import Postgres
from config.embedded.processes import adopt_orphans, children, end_with_parent, living_in, start_thread
from config.embedded.server import Server
from config.embedded.sharing import open_lock
from config.embedded.valkey import Valkey

SERVERS: dict[str, type[Server]] = {"postgres": Postgres, "valkey": Valkey}
STOP_SECONDS = 120
PREDECESSOR_SECONDS = 30
RESTART_PAUSE, LONGEST_PAUSE = 0.1, 5.0
SETTLED_SECONDS = 5
ATTEMPTS = 5  # of a server that has never run for that long
DIED, ABANDONED, TOLD_TO_STOP = "died", "abandoned", "told to stop"


class Guardian:
    def __init__(self, server: Server, lock: int) -> None:
        self.server, self.lock = server, lock
        self.events: SimpleQueue[str] = SimpleQueue()
        self.users = open_lock(server.lock("users"))

    def run(self) -> int:
        """Keep the server running until nobody uses it. Returns an exit status: 1 if it never started."""
        adopt_orphans()  # of a server that was killed
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: self.events.put(TOLD_TO_STOP))
        start_thread(self._await_last_user)
        self._await_predecessor()
        failures, has_settled = 0, False
        self._start()
        while self.events.get() == DIED:
            if time.monotonic() - self.started > SETTLED_SECONDS:
                failures, has_settled = 0, True
            failures += 1
            if failures == ATTEMPTS and not has_settled:
                return 1
            self._kill_orphans()
            time.sleep(min(RESTART_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
            self._start()
        self._stop()
        return 0

    def _await_predecessor(self) -> None:
        """A server whose guardian was killed has been told to stop, and may still be writing."""
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while living_in(self.server.data) and time.monotonic() < deadline:
            time.sleep(RESTART_PAUSE)

    def _start(self) -> None:
        self.server.clear_away()
        command, data, end_with_us = self.server.command(), self.server.data, end_with_parent(self.server.stop_signal)
        self.process = self.server.spawn(command, folder=data, preexec_fn=end_with_us)
        self.started = time.monotonic()
        self.watcher = start_thread(self._await_death, self.process)

    def _stop(self) -> None:
        self.process.send_signal(self.server.stop_signal)
        self.watcher.join(STOP_SECONDS)
        if self.watcher.is_alive():
            self.process.kill()
            self.watcher.join()
        self._kill_orphans()
        self.server.tidy()
        os.close(self.lock)  # before the users' lock, which goes when we end: who gets that one starts anew

    def _await_last_user(self) -> None:
        fcntl.flock(self.users, fcntl.LOCK_EX)
        self.events.put(ABANDONED)

    def _await_death(self, process: subprocess.Popen) -> None:
        process.wait()
        self.events.put(DIED)

    def _kill_orphans(self) -> None:
        """What a killed PostgreSQL leaves may work on for long, and keeps the next one from starting."""
        for pid in children():
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def main() -> int:
    name, home, lock = sys.argv[1:]
    if os.fork():
        os._exit(0)
    os.chdir("/")
    return Guardian(SERVERS[name](Path(home)), int(lock)).run()


if __name__ == "__main__":
    os._exit(main())  # at once: whoever waits for us need not wait for Python to tidy up
