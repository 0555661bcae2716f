from datetime import datetime

from django.utils.translation import ngettext

from loyalty.management.commands._job import JobCommand
from loyalty.programs.models.program import Program
from loyalty.programs.services.tier_warnings import warn_of_tiers


class Command(JobCommand):
    help = (
        "Tell members that a tier ends soon and what keeps it, as many days before as each ladder says. Harmless twice."
    )

    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        return {"warnings": warn_of_tiers(program=program, at=at, wait=True)}

    def sentence(self, figures: dict[str, int]) -> str:
        count = figures["warnings"]
        return ngettext("%(count)d warning.", "%(count)d warnings.", count) % {"count": count}
