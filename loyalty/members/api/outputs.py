"""What tills and shops are told about members."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from loyalty.lib.rest.pagination import PageOutput
from loyalty.lib.rest.shapes import Output
from loyalty.members import queries


class MemberOutput(Output):
    """A member."""

    number = serializers.CharField(help_text="On the card; ends in a check digit.")
    external_id = serializers.CharField(help_text="Your own id of this customer; may be empty.")
    email = serializers.CharField()
    phone = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)
    channel = serializers.CharField(help_text="Where they joined.")
    status = serializers.ChoiceField(["active", "blocked", "left"])
    tier = serializers.SerializerMethodField()
    referral_code = serializers.CharField()
    joined_at = serializers.DateTimeField()
    consents = serializers.DictField(
        source="decided", child=serializers.BooleanField(), help_text="The decision in force, by purpose."
    )
    attributes = serializers.DictField()

    @staticmethod
    def get_tier(member: Any) -> str | None:
        """The code of the tier on the program's first ladder; null below the lowest, and where there is none."""
        return member.tier_code


class MembersOutput(PageOutput):
    """The members who fit."""

    results = MemberOutput(many=True)


def present_members(members: Sequence[Any]) -> list[dict[str, Any]]:
    """Members with their consents and tiers, in two more statements for all of them."""
    decided = queries.decisions_of(members)
    tiers = queries.tier_codes_of(members)
    for member in members:
        member.decided = decided.get(member.pk, {})
        member.tier_code = tiers.get(member.pk)
    return MemberOutput.present_all(members)


def present_member(member: Any) -> dict[str, Any]:
    """One member with the consents."""
    return present_members([member])[0]
