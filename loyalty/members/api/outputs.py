"""What tills and shops are told about members."""

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
    consents = serializers.SerializerMethodField()
    attributes = serializers.DictField()

    @staticmethod
    def get_tier(member: Any) -> str | None:
        """The rung of the tier ladder; null where the program has none."""
        return None

    @staticmethod
    def get_consents(member: Any) -> dict[str, bool]:
        """The decision in force for each purpose that was ever asked."""
        return {purpose: consent.is_granted for purpose, consent in queries.consents_of(member).items()}


class MembersOutput(PageOutput):
    """The members who fit."""

    results = MemberOutput(many=True)
