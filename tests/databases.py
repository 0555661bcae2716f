"""Databases to test in: migrated once and copied for every process, and as new again after each test that commits."""

import hashlib
import json
from pathlib import Path

import django
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from psycopg import sql

from loyalty.members import rules
from loyalty.programs.services import schedules

# Beside the migrations, what Laurel does after them: the roles of the staff, the entries of the scheduler.
AFTER_MIGRATIONS = (rules.__file__, schedules.__file__)

# A test leaves rows in a few of some 200 tables: looking into each is far quicker than TRUNCATE, which makes a new
# file for every table and index. What migrations left in a table stands as it was, so its ids stay what they were.
AS_NEW = """
DROP SCHEMA IF EXISTS fresh CASCADE;
CREATE SCHEMA fresh;
DO $$
DECLARE
  found regclass;
  holds boolean;
BEGIN
  FOR found IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', found) INTO holds;
    IF holds THEN
      EXECUTE format('CREATE TABLE fresh.%1$s AS TABLE public.%1$s', found);
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION fresh.again() RETURNS void LANGUAGE plpgsql
SET session_replication_role = replica  -- neither the ledger's guards nor foreign keys have a say
AS $$
DECLARE
  found regclass;
  kept regclass;
  differs boolean;
BEGIN
  -- whoever still writes is awaited: what they commit goes too
  EXECUTE (
    SELECT format('LOCK TABLE %s IN EXCLUSIVE MODE', string_agg(oid::regclass::text, ', ' ORDER BY oid))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  );
  FOR found, kept IN
    SELECT oid, to_regclass('fresh.' || quote_ident(relname))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  LOOP
    IF kept IS NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM %s)', found) INTO differs;
    ELSE
      EXECUTE format(
        'SELECT EXISTS ((SELECT t::text FROM %1$s t EXCEPT ALL SELECT t::text FROM %2$s t)
           UNION ALL (SELECT t::text FROM %2$s t EXCEPT ALL SELECT t::text FROM %1$s t))', found, kept
      ) INTO differs;
    END IF;
    IF differs THEN
      EXECUTE format('DELETE FROM %s', found);
      IF kept IS NOT NULL THEN
        EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE %s', found, kept);
      END IF;
    END IF;
  END LOOP;
END $$;
"""

KNOWN = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE starts_with(datname, %s)"


def remember() -> None:
    """The rows that the database holds now are the ones it goes back to."""
    with connection.cursor() as cursor:
        cursor.execute(AS_NEW)


def restore() -> None:
    """Every table as it was when it was remembered; numbers once given are not given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fresh.again()")
    ContentType.objects.clear_cache()


def template() -> str:
    """The name of a migrated database to copy from. Who comes first makes it, all others wait; later runs find it.

    Where all that an earlier one was made of still stands as it was, only the new migrations are applied to it.
    """
    creation, family = connection.creation, f"{connection.settings_dict['NAME']}_template_"
    made_of = _made_of()
    name = family + hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
    with creation._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [family])
        cursor.execute(KNOWN, [family])
        found = dict(cursor.fetchall())
        if name not in found:
            draft = f"{family}draft"
            cursor.execute(f'DROP DATABASE IF EXISTS "{draft}"')
            if earlier := next((each for each, files in found.items() if _is_part(files, made_of)), ""):
                cursor.execute(f'CREATE DATABASE "{draft}" TEMPLATE "{earlier}"')
            _migrate(draft, keepdb=bool(earlier))
            for outdated in found.keys() - {draft}:
                cursor.execute(f'DROP DATABASE "{outdated}"')
            cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(draft), json.dumps(made_of)))
            cursor.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [family])
    return name


def _migrate(draft: str, *, keepdb: bool) -> None:
    ours = connection.settings_dict
    before, test = ours["NAME"], dict(ours["TEST"])
    ours["TEST"]["NAME"] = draft
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=keepdb)
    finally:
        connection.close()
        ours["NAME"], ours["TEST"] = before, test


def _made_of() -> dict[str, str]:
    """What decides how a migrated database looks: every file, and the digest of what stands in it."""
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    files = {path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql")}
    digests = {str(path): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(files)}
    return {"django": django.__version__, "after": _after(), **digests}


def _after() -> str:
    return hashlib.sha256(b"".join(Path(each).read_bytes() for each in AFTER_MIGRATIONS)).hexdigest()[:16]


def _is_part(files: str | None, made_of: dict[str, str]) -> bool:
    """Whether nothing that a database was made of has changed or gone since."""
    return bool(files) and json.loads(files).items() <= made_of.items()
