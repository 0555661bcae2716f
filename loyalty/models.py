"""Roll-call for Django; import models from their floors."""

from loyalty.ledger import models as ledger
from loyalty.members import models as members
from loyalty.messaging import models as messaging
from loyalty.outbox import models as outbox
from loyalty.programs import models as programs

__all__ = ["ledger", "members", "messaging", "outbox", "programs"]
