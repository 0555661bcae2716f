"""Databases to test in: migrated once and copied for every process, and as new again after each test that commits."""

import hashlib
from pathlib import Path

import django
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection

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
    """The name of a migrated database to copy from. Who comes first makes it, all others wait; later runs find it."""
    creation, family = connection.creation, f"{connection.settings_dict['NAME']}_template_"
    name = family + _fingerprint()
    with creation._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [family])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [family])
        found = [each for (each,) in cursor.fetchall()]
        if name not in found:
            for outdated in found:
                cursor.execute(f'DROP DATABASE "{outdated}"')
            _migrate(f"{family}draft")
            cursor.execute(f'ALTER DATABASE "{family}draft" RENAME TO "{name}"')
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [family])
    return name


def _migrate(draft: str) -> None:
    ours = connection.settings_dict
    before, test = ours["NAME"], dict(ours["TEST"])
    ours["TEST"]["NAME"] = draft
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    finally:
        connection.close()
        ours["NAME"], ours["TEST"] = before, test


def _fingerprint() -> str:
    """Of all that decides what a migrated database looks like."""
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    files = {path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql")}
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(files | {Path(each) for each in AFTER_MIGRATIONS}):
        digest.update(str(path.name).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
