from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.referrals import ReferralPolicy


class ReferralPolicyForm(ProgramForm):
    """Whether members may invite friends, and when it counts."""

    class Meta:
        model = ReferralPolicy
        fields = ("is_active", "minimum_purchase", "attribution_days", "return_days")
