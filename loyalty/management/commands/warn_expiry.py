from datetime import datetime

from django.utils.translation import ngettext

from loyalty.management.commands._job import JobCommand
from loyalty.programs.models.program import Program
from loyalty.programs.services.jobs import warn_of_expiry


class Command(JobCommand):
    help = "Tell members that points expire soon, as many days before as each program chose. Harmless twice."

    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        return {"warnings": warn_of_expiry(program=program, at=at, wait=True)}

    def sentence(self, figures: dict[str, int]) -> str:
        count = figures["warnings"]
        return ngettext("%(count)d warning.", "%(count)d warnings.", count) % {"count": count}
