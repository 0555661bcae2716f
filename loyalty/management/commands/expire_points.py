from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.management.commands._job import JobCommand, points_in_lots
from loyalty.programs.models.program import Program
from loyalty.programs.services.jobs import expire_points


class Command(JobCommand):
    help = "Close points past their date. Harmless twice."

    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        swept = expire_points(program=program, at=at, wait=True)
        return {"lots": swept.lots, "points": swept.points}

    def sentence(self, figures: dict[str, int]) -> str:
        return _("%(points)s expired.") % {"points": points_in_lots(**figures)}
