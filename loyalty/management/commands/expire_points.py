from datetime import datetime

from loyalty.management.commands._job import JobCommand
from loyalty.programs.models.program import Program
from loyalty.programs.services.jobs import expire_points


class Command(JobCommand):
    help = "Close points past their date. Harmless twice."
    sentence = "%(points)d points in %(lots)d lots expired."

    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        swept = expire_points(program=program, at=at, wait=True)
        return {"lots": swept.lots, "points": swept.points}
