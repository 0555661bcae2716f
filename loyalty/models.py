"""Roll-call for Django; import models from their floors."""

from loyalty.insights import models as insights
from loyalty.ledger import models as ledger
from loyalty.members import models as members
from loyalty.messaging import models as messaging
from loyalty.outbox import models as outbox
from loyalty.programs.models import activity, earning, program, wallet

__all__ = ["activity", "earning", "insights", "ledger", "members", "messaging", "outbox", "program", "wallet"]
