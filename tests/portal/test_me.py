"""Me: the card, the profile, decisions about consents, one's own data."""

import json
import struct
from datetime import date, timedelta

import pytest

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.queries import consents_of
from loyalty.members.services.consents import put_consent_text
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.services.moving import send_points
from tests.factories_of_programs import HouseholdFactory, HouseholdMemberFactory, TierFactory, TierStandingFactory
from tests.portal.conftest import HTMX, buy
from tests.world import earn, join

pytestmark = pytest.mark.django_db
PROFILE = "/p/aurora/me/profile/"
CONSENTS = "/p/aurora/me/consents/"
FACTS = {"name": "Ada King", "phone": "+47 912 34 567", "birth_date": "1990-12-10", "language": "en"}


def test_me_leads_everywhere(as_ada, ada):
    page = as_ada.get("/p/aurora/me/").content.decode()
    for address in (PROFILE, CONSENTS, "/p/aurora/lots/", "/p/aurora/inbox/", "/p/aurora/me/data/", "/accounts/2fa/"):
        assert f'href="{address}"' in page
    assert 'action="/accounts/logout/"' in page


def test_signing_out_leads_to_the_programs_first_page(as_ada, ada):
    answer = as_ada.post("/accounts/logout/", {"next": "/p/aurora/"})
    assert answer["Location"] == "/p/aurora/"
    assert "/p/aurora/join/" in as_ada.get("/p/aurora/").content.decode()


# --- The card -------------------------------------------------------------------------------------------------


def test_the_card_shows_the_code_and_the_number(as_ada, ada):
    page = as_ada.get("/p/aurora/card/").content.decode()
    assert '<svg viewBox="0 0 29 29"' in page or 'class="qr"' in page
    assert " ".join((ada.number[:4], ada.number[4:8], ada.number[8:])) in page


def test_the_card_can_be_kept_as_a_picture(as_ada, ada):
    answer = as_ada.get("/p/aurora/card.png")
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == 'attachment; filename="aurora-card.png"'
    width, height = struct.unpack(">II", answer.content[16:24])
    assert width == height
    assert width > 400


# --- The profile ----------------------------------------------------------------------------------------------


def test_the_profile_shows_what_is_known_and_offers_the_programs_languages(as_ada, ada):
    form = as_ada.get(PROFILE).context["form"]
    assert form.initial == {"name": "Ada", "phone": "", "birth_date": None, "language": "en"}
    assert [code for code, _name in form.fields["language"].choices] == ["en", "nb", "pl"]


def test_the_fragment_is_the_form_alone(as_ada):
    part = as_ada.get(PROFILE, headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="profile-form"' in part


def test_changes_are_saved_with_who_did_it(as_ada, ada):
    answer = as_ada.post(PROFILE, FACTS)
    assert answer["Location"] == PROFILE
    ada.refresh_from_db()
    assert (ada.name, ada.phone, ada.birth_date) == ("Ada King", "+47 912 34 567", date(1990, 12, 10))
    assert ada.history.first().history_change_reason == f"member:{ada.pk}"


def test_a_number_copied_from_the_contacts_of_a_phone_is_taken(as_ada, ada):
    as_ada.post(PROFILE, FACTS | {"phone": "\u202a+47\u00a0912 34 567\u202c"})
    ada.refresh_from_db()
    assert ada.phone == "+47 912 34 567"


def test_a_new_language_holds_at_once_and_on_the_pages_of_signing_in(as_ada, ada):
    answer = as_ada.post(PROFILE, FACTS | {"language": "nb"}, follow=True)
    assert '<html lang="nb"' in answer.content.decode()
    assert answer["Content-Language"] == "nb"
    assert '<html lang="nb"' in as_ada.get("/accounts/email/").content.decode()
    ada.refresh_from_db()
    assert (ada.language, ada.user.language) == ("nb", "nb")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"language": "ru"}, "language"),
        ({"language": "xx"}, "language"),
        ({"phone": "call me"}, "phone"),
        ({"birth_date": "1890-01-01"}, "birth_date"),
        ({"birth_date": str(clock.now().date() + timedelta(days=2))}, "birth_date"),
        ({"birth_date": "the tenth"}, "birth_date"),
        ({"name": "x" * 151}, "name"),
        ({"name": "nul\0"}, "name"),
        ({"name": "A\u202eda"}, "name"),
        ({"name": "A\u200bda"}, "name"),
    ],
)
def test_a_refused_profile_answers_422_and_changes_nothing(as_ada, ada, changes, field):
    answer = as_ada.post(PROFILE, FACTS | changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Member.objects.get(pk=ada.pk).name == "Ada"


# --- Consents -------------------------------------------------------------------------------------------------


def test_consents_show_the_words_the_version_and_the_time(aurora, as_ada, ada):
    page = as_ada.get(CONSENTS)
    assert [(each.purpose, each.is_granted) for each in page.context["history"]] == [("terms", True)]
    assert "I agree to Aurora." in page.content.decode()
    assert "text 1" in page.content.decode()


def test_a_decision_is_recorded_and_can_be_taken_back(as_ada, ada):
    for decision in ("on", ""):
        data = {"consent_terms": "on"} | ({"consent_marketing": "on"} if decision else {})
        assert as_ada.post(CONSENTS, data)["Location"] == CONSENTS
        assert consents_of(ada)["marketing"].is_granted is bool(decision)
    assert [each.is_granted for each in as_ada.get(CONSENTS).context["history"]] == [False, True, True]


def test_what_membership_rests_on_cannot_be_taken_back(as_ada, ada):
    answer = as_ada.post(CONSENTS, {"consent_marketing": "on"})
    assert answer.status_code == 422
    assert "Membership needs your agreement" in answer.content.decode()
    assert "marketing" not in consents_of(ada)


def test_new_words_are_pointed_out_at_home(aurora, as_ada, ada):
    as_ada.post(CONSENTS, {"consent_terms": "on"})
    assert CONSENTS not in as_ada.get("/p/aurora/").content.decode()
    put_consent_text(aurora, purpose="marketing", text="Other words.", actor="test")
    assert CONSENTS in as_ada.get("/p/aurora/").content.decode()


def test_the_fragment_of_consents_is_the_form_alone(as_ada):
    assert "<html" not in as_ada.get(CONSENTS, headers=HTMX).content.decode()


# --- One's own data -------------------------------------------------------------------------------------------


def test_the_file_holds_everything_and_nothing_of_others(aurora, as_ada, ada):
    buy(ada, "r1", "12.50")
    other = enrol_member(aurora, actor="till", external_id="eve", email="eve@example.org")
    buy(other, "r2", "99.00")
    answer = as_ada.post("/p/aurora/me/data/")
    assert answer["Content-Disposition"].startswith('attachment; filename="aurora-my-data-')
    data = json.loads(answer.content)
    assert data["member"]["email"] == "ada@example.org"
    assert [each["external_id"] for each in data["activities"]] == ["r1"]
    assert data["activities"][0]["lines"][0]["amount"] == "12.5000"
    assert [(row["points"], row["wallet"]) for row in data["statement"]] == [(12, "points")]
    assert [lot["remaining"] for lot in data["points"]] == [12]
    assert data["balances"] == [
        {"wallet": "points", "active": 12, "pending": 0, "held": 0, "debt": 0, "earned_total": 12}
    ]
    assert data["messages"] == {"inbox": [], "deliveries": []}
    assert "eve@example.org" not in answer.content.decode()


def test_the_file_tells_of_tiers_invitations_households_and_moves(aurora, as_ada, ada):
    ben = join(aurora, "Ben", language="nb")
    wallet = aurora.wallets.get()
    tier = TierFactory(tier_set__program=aurora, tier_set__code="status", code="gold")
    TierStandingFactory(member=ada, tier_set=tier.tier_set, tier=tier)
    TransferPolicy.objects.create(wallet=wallet, cooling_hours=0)
    earn(ada, 100)
    send_points(ada, ben.email, wallet, points=40, source="portal", id="1", actor="test")
    HouseholdMemberFactory(member=ada, household=HouseholdFactory(program=aurora, wallet=wallet, name="Home"))
    data = json.loads(as_ada.post("/p/aurora/me/data/").content)
    assert [(each["ladder"], each["tier_code"]) for each in data["tiers"]] == [("status", "gold")]
    assert [(each["sent_to"], each["points"], each["state"]) for each in data["transfers"]] == [
        ("ben@example.org", 40, "done")
    ]
    assert [each["name"] for each in data["households"]] == ["Home"]
    assert data["invitations"] == data["conversions"] == data["reinstatements"] == data["lists"] == []


def test_looking_at_the_page_downloads_nothing(as_ada):
    page = as_ada.get("/p/aurora/me/data/")
    assert page["Content-Type"].startswith("text/html")
