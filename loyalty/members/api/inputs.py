"""What tills and shops tell about members."""

from loyalty.lib.rest.fields import BOUNDED, Day, Email, Flag, Map, OneOf, Scalar, Text
from loyalty.lib.rest.pagination import PageInput
from loyalty.lib.rest.shapes import Input

STATUSES = ("active", "blocked", "left")


class EnrolInput(Input):
    """A new member."""

    external_id = Text(100, shortest=1, pattern=BOUNDED, help_text="How your shop or till knows this customer.")
    email = Email(default="")
    phone = Text(30, default="")
    name = Text(150, default="")
    language = Text(10, default="", help_text="Such as `en` or `nb`.")
    birth_date = Day(required=False)
    channel = Text(40, default="", help_text="Where they joined: till, shop, app …")
    referred_by = Text(20, default="", help_text="The referral code or member number of who invited them.")
    consents = Map(Flag(), required=False, longest_name=40, help_text="Purpose to decision.")
    attributes = Map(Scalar(), required=False, help_text="Anything your rules ask about.")


class ChangeInput(Input):
    """What changes; what is not named stays. `attributes` are replaced whole, `birth_date` may be cleared by null."""

    external_id = Text(100, shortest=1, pattern=BOUNDED, required=False)
    email = Email(required=False)
    phone = Text(30, required=False)
    name = Text(150, required=False)
    language = Text(10, required=False)
    birth_date = Day(required=False, allow_null=True)
    status = OneOf(STATUSES, required=False)
    consents = Map(Flag(), required=False, longest_name=40)
    attributes = Map(Scalar(), required=False)


class FindInput(PageInput):
    """By what to find a member; by nothing, all are listed."""

    external_id = Text(100, shortest=1, required=False)
    email = Text(254, shortest=1, required=False)
    card = Text(64, shortest=1, required=False)
