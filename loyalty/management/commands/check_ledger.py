import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import ngettext

from loyalty.ledger.queries.proof import Finding, findings


class Command(BaseCommand):
    """Exit 0 when every invariant holds, 1 with the offending rows otherwise. Reads only, while everything runs."""

    help = "Prove that the ledger adds up: every invariant, in SQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(findings()) if options["json"] else list(map(self.tell, findings()))
        violations = sum(finding.violations for finding in found)
        if options["json"]:
            invariants = {finding.invariant: _plain(finding) for finding in found}
            answer = {"violations": violations, "invariants": invariants}
            self.stdout.write(json.dumps(answer, default=str))
        else:
            told = ngettext("%(count)d violation", "%(count)d violations", violations) % {"count": violations}
            self.stdout.write(f"{len(found)} invariants, {told}")
        if violations:
            raise SystemExit(1)

    def tell(self, finding: Finding) -> Finding:
        mark = self.style.ERROR(f"✗ {finding.violations}") if finding.violations else self.style.SUCCESS("✓")
        self.stdout.write(f"{mark} {finding.meaning}")
        for row in finding.rows:
            self.stdout.write("    " + ", ".join(f"{name} {value}" for name, value in row.items()))
        return finding


def _plain(finding: Finding) -> dict[str, Any]:
    return {"violations": finding.violations, "meaning": finding.meaning, "rows": finding.rows}
