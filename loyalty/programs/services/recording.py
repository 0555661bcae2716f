"""Which version of the configuration judged an activity: found again, or recorded by whoever is the first to judge.

Where a change is live as soon as it is saved, nobody publishes: the first activity that is judged by a configuration
writes it down. The activity's own statement looks the version up by the configuration's number, so that recording is
asked for once per change and costs nothing afterwards.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.editors import last_editor
from loyalty.programs.rules.documents import digest_of

LOCK = "SELECT pg_advisory_xact_lock(hashtext('laurel'), hashtext(%s))"
STAMP = "UPDATE loyalty_activity SET version_id = %s WHERE id = ANY(%s)"


def stamp(activities: Sequence[int], configuration: Configuration) -> None:
    """Let activities that were stored before their version was known remember it."""
    version_id = version_of(configuration)
    with connection.cursor() as cursor:
        cursor.execute(STAMP, [version_id, list(activities)])


def version_of(configuration: Configuration) -> int:
    """The id of the version with this configuration, recorded now if it is new. Within the caller's transaction."""
    if configuration.published_id is not None:
        return configuration.published_id
    program, digest = configuration.program, digest_of(configuration.described.document)
    newest = newest_version(program)
    if newest is not None and (newest.config_version or 0) > configuration.version:  # overtaken while it judged
        known = ProgramVersion.objects.filter(program=program, digest=digest).order_by("-number").first()
        return known.pk if known else record_version(configuration, newest).pk
    if newest is None or newest.digest != digest:
        return record_version(configuration, newest).pk
    ProgramVersion.objects.filter(pk=newest.pk).update(config_version=configuration.version)
    return newest.pk


def newest_version(program: Program) -> ProgramVersion | None:
    """The latest version; nobody records another one until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"version:{program.pk}"])
    return ProgramVersion.objects.filter(program=program).defer("document").order_by("-number").first()


def record_version(configuration: Configuration, newest: ProgramVersion | None, **facts: Any) -> ProgramVersion:
    """The configuration written down as the version after `newest`."""
    by = last_editor(configuration.program)
    described = configuration.described
    return ProgramVersion.objects.create(
        program=configuration.program,
        number=newest.number + 1 if newest else 1,
        digest=digest_of(described.document),
        document=described.document,
        places=described.places,
        **{"config_version": configuration.version, "proposed_by": by, "published_by": by, **facts},
    )
