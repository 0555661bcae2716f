"""Which version of the configuration judged an activity: found again, or recorded by whoever is the first to judge.

Where a change is live as soon as it is saved, nobody publishes: the first activity that is judged by a configuration
writes it down. The activity's own statement looks the version up by the configuration's number, so that recording is
asked for once per change and costs nothing afterwards.
"""

from collections.abc import Sequence

from django.db import connection

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
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"version:{program.pk}"])
    newest = ProgramVersion.objects.filter(program=program).defer("document").order_by("-number").first()
    if newest is not None and (newest.config_version or 0) > configuration.version:  # overtaken while it judged
        known = ProgramVersion.objects.filter(program=program, digest=digest).order_by("-number").first()
        return known.pk if known else _record(configuration, digest, newest.number).pk
    if newest is None or newest.digest != digest:
        return _record(configuration, digest, newest.number if newest else 0).pk
    ProgramVersion.objects.filter(pk=newest.pk).update(config_version=configuration.version)
    return newest.pk


def _record(configuration: Configuration, digest: str, last_number: int) -> ProgramVersion:
    by = last_editor(configuration.program)
    return ProgramVersion.objects.create(
        program=configuration.program,
        number=last_number + 1,
        digest=digest,
        document=configuration.described.document,
        places=configuration.described.places,
        config_version=configuration.version,
        proposed_by=by,
        published_by=by,
    )
