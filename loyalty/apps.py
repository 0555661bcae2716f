from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class LoyaltyConfig(AppConfig):
    name = "loyalty"
    verbose_name = _("Loyalty")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Django makes the permissions of one app after another: the roles are filled once the last app has its own.
        *_others, last = self.apps.get_app_configs()
        post_migrate.connect(prepare_after_migrate, sender=last, dispatch_uid="loyalty.prepare")


def prepare_after_migrate(**_kwargs):
    """The roles of the staff and the entries of the scheduler; harmless twice."""
    from loyalty.members.services.staff import sync_roles
    from loyalty.programs.services.schedules import ensure_schedules

    sync_roles()
    ensure_schedules()
