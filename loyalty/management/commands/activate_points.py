from datetime import datetime

from loyalty.management.commands._job import JobCommand
from loyalty.programs.models.program import Program
from loyalty.programs.services.jobs import activate_points


class Command(JobCommand):
    help = "Make pending points spendable whose day has come. Harmless twice."
    sentence = "%(points)d points in %(lots)d lots can be spent now."

    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        swept = activate_points(program=program, at=at, wait=True)
        return {"lots": swept.lots, "points": swept.points}
