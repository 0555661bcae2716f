"""What other settings need of a wallet."""

from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.tiers import TierSet
from loyalty.programs.models.wallet import Wallet


def needs_of(wallet: Wallet) -> dict[str, str]:
    """Which of its switches have to stay on, and why."""
    needs: dict[str, str] = {}
    if not wallet.pk:
        return needs
    if _is_moved(wallet):
        needs["is_spendable"] = _(
            "Members may send, share, change or bring back the points of this wallet. Switch that off first."
        )
    counting = TierSet.objects.filter(wallet=wallet, is_archived=False, measure__in=("points", "balance")).first()
    if counting:
        needs["is_qualifying"] = _("The tier ladder “%(name)s” counts the points of this wallet.") % {
            "name": counting.name
        }
    return needs


def _is_moved(wallet: Wallet) -> bool:
    is_changed = ConversionRate.objects.filter(Q(from_wallet=wallet) | Q(to_wallet=wallet), is_on=True)
    policies = (TransferPolicy, HouseholdPolicy, ReinstatementPolicy)
    return is_changed.exists() or any(each.objects.filter(wallet=wallet, is_on=True).exists() for each in policies)
