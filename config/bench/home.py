"""The portal's home, as a member with a history sees it, against a view that only knows who asks."""

from collections.abc import Iterator
from itertools import islice

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.bench import shop
from config.bench.load import Load, ask
from config.bench.place import Place
from config.bench.purchases import new_baskets
from config.bench.report import Figure, at_most, plain
from config.bench.rounds import compare
from config.bench.scale import Scale
from config.bench.server import HOST, serving
from loyalty.members.models import Member, User
from loyalty.members.services.members import link_user
from loyalty.programs.services.activities import record_purchase

SIGNED_IN = "/bench/signed-in"
PURCHASES = 30
CONNECTIONS = 8


def measure_home(scale: Scale, place: Place) -> Iterator[Figure]:
    client, path = member_at_home()
    says = "queries of the portal's home, session and member included"
    yield Figure(10, "queries of home", says, queries_of(client, path), at_most(12))
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}
    with serving(place.name) as port:

        def rate(path: str) -> float:
            return ask(Load(port, scale.seconds, CONNECTIONS, "GET", [path], [cookie])).rate

        compared = compare(lambda: rate(path), lambda: rate(SIGNED_IN))
    says = "the portal's home takes so many times as long as an empty view with session"
    notes = f"{plain(compared.product)}/s to {plain(compared.floor)}/s"
    ratios = tuple(1 / ratio for ratio in compared.ratios)
    yield Figure(10, "portal home", says, 1 / compared.ratio, at_most(12), ratios, notes)


def member_at_home() -> tuple[Client, str]:
    """A client signed in as a member with thirty purchases, and the address of the home."""
    here = shop.open_shop(1)
    for facts in islice(new_baskets(here), PURCHASES):
        record_purchase(here.program, facts, actor=shop.ACTOR)
    user = User.objects.create(email="member@bench.example", language="en")
    link_user(Member.objects.get(program=here.program), user, actor=shop.ACTOR)
    client = Client(SERVER_NAME=HOST)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client, f"/p/{here.program.code}/"


def queries_of(client: Client, path: str) -> int:
    """Of the second visit: the first one fills what is kept in memory."""
    client.get(path)
    with CaptureQueriesContext(connection) as sent:
        answered = client.get(path)
    if answered.status_code != 200:
        raise RuntimeError(f"{path} was answered with {answered.status_code}")
    return len(sent)
