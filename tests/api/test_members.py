"""Members through the API: enrol, find, read, change."""

from datetime import date

import pytest

from loyalty.members import queries
from loyalty.members.models import Member
from loyalty.members.services.consents import put_consent_text
from loyalty.members.services.members import enrol_member

pytestmark = pytest.mark.django_db


def test_enrol(till, cafe):
    answer = till.post("/members", {"external_id": "1", "email": "Bea@Example.com", "name": "Bea", "channel": "till"})
    assert answer.status_code == 201
    member = Member.objects.get(program=cafe)
    assert answer.json() == {
        "number": member.number,
        "external_id": "1",
        "email": "bea@example.com",
        "phone": "",
        "name": "Bea",
        "language": "",
        "birth_date": None,
        "channel": "till",
        "status": "active",
        "tier": None,
        "referral_code": member.referral_code,
        "joined_at": member.joined_at.isoformat(),
        "consents": {},
        "attributes": {},
    }


@pytest.mark.parametrize("body", [{"external_id": "ada"}, {"external_id": "new", "email": "ADA@example.com"}])
def test_known_id_or_address_is_refused(till, ada, body):
    answer = till.post("/members", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "member-exists")
    assert Member.objects.count() == 1


def test_invited_by_a_member(till, ada):
    answer = till.post("/members", {"external_id": "bea", "referred_by": ada.referral_code})
    assert Member.objects.get(number=answer.json()["number"]).referred_by == ada


def test_nobody_of_another_program_invites(till, cleo):
    answer = till.post("/members", {"external_id": "bea", "referred_by": cleo.referral_code})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-member")
    assert answer.json()["errors"][0]["pointer"] == "#/referred_by"
    assert not Member.objects.filter(external_id="bea").exists()


@pytest.mark.parametrize(
    "by", ["external_id=ada", "email=ADA@example.com", "card={number}", "external_id=ada&email=ada@example.com"]
)
def test_find(till, ada, by):
    answer = till.get("/members?" + by.format(number=ada.number))
    assert answer.status_code == 200
    assert [found["number"] for found in answer.json()["results"]] == [ada.number]
    assert answer.json()["next"] is None


def test_find_nobody(till, ada, cleo):
    assert till.get("/members?external_id=cleo").json() == {"results": [], "next": None}


def test_all_members_page_by_page(till, cafe, ada, cleo):
    others = [enrol_member(cafe, external_id=f"m{number}", actor="test") for number in range(4)]
    put_consent_text(cafe, purpose="marketing", text="We may write to you.", actor="test")
    till.patch(f"/members/{others[2].number}", {"consents": {"marketing": True}})
    seen, cursor = [], ""
    while cursor is not None:
        answer = till.get("/members?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [(each["external_id"], each["consents"]) for each in answer["results"]]
        cursor = answer["next"]
    assert seen == [("ada", {}), ("m0", {}), ("m1", {}), ("m2", {"marketing": True}), ("m3", {})]


def test_a_list_takes_five_statements_however_long(till, cafe, ada, django_assert_num_queries):
    till.get("/members")
    for number in range(5):
        enrol_member(cafe, external_id=f"m{number}", actor="test")
    with django_assert_num_queries(5):  # key, program, members, consents, tiers
        assert len(till.get("/members").json()["results"]) == 6


def test_read(till, ada):
    answer = till.get(f"/members/{ada.number}")
    assert (answer.status_code, answer.json()["external_id"]) == (200, "ada")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("number", ["", "000000000000", "x", "%00", "%2e%2e", "1" * 500])
def test_read_nobody(till, number):
    answer = till.get(f"/members/{number}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_member_of_another_program_does_not_exist(till, cleo):
    assert till.get(f"/members/{cleo.number}").status_code == 404
    assert till.patch(f"/members/{cleo.number}", {"name": "Mine"}).status_code == 404
    cleo.refresh_from_db()
    assert cleo.name == "Cleo"


def test_change(till, ada):
    answer = till.patch(
        f"/members/{ada.number}", {"phone": "+47 1", "birth_date": "1990-05-17", "attributes": {"city": "Oslo"}}
    )
    assert answer.status_code == 200
    ada.refresh_from_db()
    assert (ada.phone, ada.birth_date, ada.attributes, ada.name) == (
        "+47 1",
        date(1990, 5, 17),
        {"city": "Oslo"},
        "Ada",
    )
    assert till.patch(f"/members/{ada.number}", {"birth_date": None}).json()["birth_date"] is None


def test_a_stale_change_is_refused(till, ada):
    version = till.get(f"/members/{ada.number}")["ETag"]
    mine = till.patch(f"/members/{ada.number}", {"name": "Ada L."}, If_Match=version)
    assert mine.status_code == 200
    late = till.patch(f"/members/{ada.number}", {"name": "Adele"}, If_Match=version)
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    again = till.patch(f"/members/{ada.number}", {"name": "Adele"}, If_Match=mine["ETag"])
    assert again.status_code == 200
    assert till.patch(f"/members/{ada.number}", {"name": "A"}, If_Match="*").status_code == 200


def test_consents(till, cafe, ada):
    put_consent_text(cafe, purpose="marketing", text="We may write to you.", actor="test")
    answer = till.patch(f"/members/{ada.number}", {"consents": {"marketing": True}})
    assert answer.json()["consents"] == {"marketing": True}
    assert queries.has_consent(ada, "marketing")
    unknown = till.patch(f"/members/{ada.number}", {"name": "X", "consents": {"astrology": True}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-purpose")
    ada.refresh_from_db()
    assert ada.name == "Ada"
