"""Keys of tills and shops."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from loyalty.lib import clock
from loyalty.members import queries, rules
from loyalty.members.models import ApiKey
from loyalty.members.services.rows import ensure_fields, sign


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new API key. `secret` is shown once; only its hash is kept."""

    api_key: ApiKey
    secret: str


@transaction.atomic
def issue_api_key(program: rules.AnyProgram, *, name: str, scopes: Iterable[str], actor: str) -> IssuedKey:
    """A new key with 160 random bits. `scopes` are names from `rules.SCOPES`, or `all`. Raises UnknownScope."""
    wanted = rules.ensure_scopes(scopes)
    prefix, secret = rules.new_secret()
    key = ApiKey(program_id=program.pk, name=name, prefix=prefix, digest=rules.digest_of(secret), scopes=wanted)
    rules.ensure_storable("name", name)
    ensure_fields(key, "program")
    sign(key, actor).save()
    return IssuedKey(key, secret)


@transaction.atomic
def revoke_api_key(api_key: ApiKey, *, actor: str) -> ApiKey:
    """From now on the key opens nothing; what it did stays. Harmless twice: the first instant stands."""
    if api_key.revoked_at is None:
        api_key.revoked_at = clock.now()
        sign(api_key, actor).save(update_fields=["revoked_at"])
    return api_key


def note_key_use(key: ApiKey | queries.Credential) -> None:
    """Remember the day (UTC) on which a key was last used: one write a day, however busy the till."""
    today = clock.now().date()
    if key.last_used_on is None or key.last_used_on < today:
        unnoted = Q(last_used_on=None) | Q(last_used_on__lt=today)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_on=today)
