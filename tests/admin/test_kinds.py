"""Types of activity in the back office: defined with their attributes, offered in the form of rules, archived."""

import pytest

from loyalty.programs.models.kinds import ActivityKind
from tests.admin.pages import page_of
from tests.factories_of_activities import ActivityKindFactory

pytestmark = pytest.mark.django_db


def form(**filled):
    rows = filled.pop("rows", [])
    data = {"code": "repair", "name": "Repair a garment", "is_shown": "on", "is_strict": "on", "pays": "every"}
    data["leap_day"] = "02-28"
    data |= {"attributes-TOTAL_FORMS": len(rows), "attributes-INITIAL_FORMS": 0, **filled}
    for number, row in enumerate(rows):
        data |= {f"attributes-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_type_is_defined_and_told_in_a_sentence(staff, world):
    rows = [{"name": "garment", "form": "choice", "choices": "coat, trousers", "is_required": "on"}]
    browser = staff("campaign_manager")
    answer = browser.post(page_of("activitykind_add"), form(rows=rows))
    assert answer.status_code == 302, answer.context["errors"]
    kind = ActivityKind.objects.get()
    assert (kind.program, kind.history.get().history_change_reason[:6]) == (world.aurora, "staff:")
    assert (
        "“repair” is told with garment (coat or trousers, needed)."
        in browser.get(page_of("activitykind_changelist")).content.decode()
    )


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({"code": "purchase"}, "A purchase has a receipt and lines, always."),
        ({"code": "Repair!"}, "small letters"),
        ({"rows": [{"name": "garment", "form": "choice", "choices": "coat"}]}, "Give at least two"),
        ({"rows": [{"name": "size", "form": "number", "choices": "1, 2"}]}, "Only “one of” has choices."),
        ({"pays": "value"}, "Name the attribute of which each value pays once."),
        ({"pays": "value", "pays_for": "garment"}, "It pays once for each “garment”: add that attribute here"),
        (
            {"pays": "value", "pays_for": "garment", "rows": [{"name": "garment", "form": "text"}]},
            "and mark it as needed.",
        ),
    ],
)
def test_nonsense_is_refused(staff, world, filled, words):
    answer = staff("campaign_manager").post(page_of("activitykind_add"), form(**filled))
    assert (answer.status_code, words in answer.content.decode(), ActivityKind.objects.count()) == (200, True, 0)


def test_a_type_is_there_once(staff, world):
    ActivityKindFactory(program=world.aurora, code="repair")
    ActivityKindFactory(program=world.fjord, code="visit")
    browser = staff("campaign_manager")
    assert "This type is there already." in browser.post(page_of("activitykind_add"), form()).content.decode()
    assert browser.post(page_of("activitykind_add"), form(code="visit")).status_code == 302


def test_rules_offer_the_types(staff, world):
    ActivityKindFactory(program=world.aurora, code="repair", name="Repair a garment")
    page = staff("campaign_manager").get(page_of("earningrule_add")).content.decode()
    assert '<option value="repair">Repair a garment</option>' in page
    assert '<option value="app_open">visit to the app</option>' in page


def test_archiving_is_asked_first(staff, world):
    kind = ActivityKindFactory(program=world.aurora)
    browser = staff("program_admin")
    assert "rules for it still pay" in browser.get(page_of("activitykind_archive", kind.pk)).content.decode()
    browser.post(page_of("activitykind_archive", kind.pk))
    kind.refresh_from_db()
    assert kind.is_archived


def test_a_type_starts_from_what_others_have(staff, world):
    browser = staff("campaign_manager")
    page = browser.get(page_of("activitykind_add", start="video"))
    words = " ".join(page.content.decode().split())
    assert 'href="?start=app_open"' in words
    assert "pays once, for ever. Also under other ids it pays each member once for each “video”." in words
    initial = page.context["adminform"].form.initial
    assert [initial[name] for name in ("code", "pays", "pays_for")] == ["video", "value", "video"]
    formset = page.context["inline_admin_formsets"][0].formset
    assert [each.initial.get("name") for each in formset.forms] == ["video", "seconds"]
    rows = [
        {"name": "video", "form": "text", "choices": "", "is_required": "on"},
        {"name": "seconds", "form": "number", "choices": ""},
    ]
    answer = browser.post(
        page_of("activitykind_add", start="video"),
        form(rows=rows, code="video", name="Watch", pays="value", pays_for="video"),
    )
    assert answer.status_code == 302
    kind = ActivityKind.objects.get(code="video")
    assert list(kind.attributes.values_list("name", "form")) == [("video", "text"), ("seconds", "number")]
    changed = browser.get(page_of("activitykind_change", kind.pk)).content.decode()
    assert "it pays each member once for each “video”" in changed
    assert "?start=" not in changed


def test_an_unknown_start_is_an_empty_form(staff, world):
    page = staff("campaign_manager").get(page_of("activitykind_add", start="nothing"))
    assert page.context["adminform"].form.initial.get("code") is None
    assert "What is sent twice with the same id" in page.content.decode()


def test_how_often_it_pays_is_chosen_and_told(staff, world):
    rows = [{"name": "garment", "form": "text", "choices": "", "is_required": "on"}]
    browser = staff("campaign_manager")
    browser.post(page_of("activitykind_add"), form(rows=rows, pays="value", pays_for="garment"))
    browser.post(page_of("activitykind_add"), form(code="quiz", name="Quiz", pays="daily", pays_for="garment"))
    kinds = ActivityKind.objects.order_by("code").values_list("code", "pays", "pays_for")
    assert list(kinds) == [("quiz", "daily", ""), ("repair", "value", "garment")]
    page = browser.get(page_of("activitykind_changelist")).content.decode()
    assert "Also under other ids it pays each member once a day." in page
    assert "Also under other ids it pays each member once for each “garment”." in page
