import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from loyalty.lib import clock


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address; there is no separate user name."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **extra) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def for_address(self, email: str) -> "User":
        """Whoever signs in with this address; a new user without a password where nobody does."""
        return self.filter(email__iexact=email.strip()).first() or self.create_user(email.strip())

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in: a member, one of the staff, or both. Known by e-mail address."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May sign in to the back office."))
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined at"), default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return (self.name or self.email).split()[0]


class MemberQuerySet(models.QuerySet["Member"]):
    def of(self, program) -> "MemberQuerySet":
        return self.filter(program=program)

    def active(self) -> "MemberQuerySet":
        return self.filter(status=Member.Status.ACTIVE)


class Member(models.Model):
    """An enrolled customer of one program."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        LEFT = "left", _("left the program")

    # Imports enrol by the ten thousand: every index here is one that is asked, and its history has as few.
    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.PROTECT, related_name="members", verbose_name=_("program"), db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("sign-in"),
        db_index=False,
    )
    subject = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(
        _("member number"), max_length=20, help_text=_("Printed on the card; ends in a check digit.")
    )
    external_id = models.CharField(
        _("your own customer id"),
        max_length=100,
        blank=True,
        help_text=_("How your shop or till knows this customer."),
    )
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=150, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    channel = models.CharField(
        _("joined through"), max_length=40, blank=True, help_text=_("Portal, till, shop, import …")
    )
    referral_code = models.CharField(_("referral code"), max_length=20)
    referred_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("referred by"),
        db_index=False,
    )
    attributes = models.JSONField(
        _("attributes"),
        default=dict,
        blank=True,
        help_text=_("Anything your rules ask about, such as city or profession."),
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    joined_at = models.DateTimeField(_("joined at"), default=clock.now)
    history = HistoricalRecords(excluded_fields=["subject"], no_db_index=["program", "user", "referred_by"])

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        permissions = [
            ("adjust_points", _("Can adjust points")),
            ("adjust_points_beyond_limit", _("Can adjust more points in one act than the wallet’s limit")),
            ("export_members", _("Can export members")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="member_number_once"),
            models.UniqueConstraint(fields=["referral_code"], name="member_referral_code_once"),
            models.UniqueConstraint(
                fields=["program", "external_id"], name="member_external_id", condition=~Q(external_id="")
            ),
            models.UniqueConstraint("program", Lower("email"), name="member_email_any_case", condition=~Q(email="")),
            models.UniqueConstraint(
                fields=["program", "user"], name="member_user_once", condition=Q(user__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["program", "-joined_at"], name="member_newest"),
            models.Index(fields=["user"], name="member_of_user", condition=Q(user__isnull=False)),
            models.Index(fields=["referred_by"], name="member_referred_by", condition=Q(referred_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or self.number


class Card(models.Model):
    """A code that identifies a member at a till: the digital card, or a plastic one that was handed out."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="cards", verbose_name=_("member"))
    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.PROTECT, related_name="+", verbose_name=_("program"), db_index=False
    )
    code = models.CharField(_("code"), max_length=64)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now)

    class Meta:
        verbose_name = _("membership card")
        verbose_name_plural = _("membership cards")
        constraints = [models.UniqueConstraint(fields=["program", "code"], name="card_code_once")]

    def __str__(self) -> str:
        return self.code


class ConsentText(models.Model):
    """What a member agrees to, for one purpose, in one version. Changing the words makes a new version."""

    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.CASCADE, related_name="consent_texts", verbose_name=_("program")
    )
    purpose = models.SlugField(_("purpose"), max_length=40, help_text=_("For example marketing, profiling, terms."))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    text = models.TextField(_("text"))
    is_required = models.BooleanField(_("needed to join"), default=False)
    is_current = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(fields=["program", "purpose", "version"], name="consent_version_once"),
            models.UniqueConstraint(
                fields=["program", "purpose"], name="consent_one_current", condition=Q(is_current=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} v{self.version}"


class Consent(models.Model):
    """One decision of a member about one text; the newest per purpose is in force. Never edited."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents", verbose_name=_("member"))
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+", verbose_name=_("text"))
    purpose = models.SlugField(_("purpose"), max_length=40)
    is_granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("at"), default=clock.now)
    source = models.CharField(_("given through"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [models.Index(fields=["member", "purpose", "-at", "-id"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.purpose}: {'yes' if self.is_granted else 'no'}"


class Segment(models.Model):
    """A list of members that rules, campaigns and messages can ask about; who is on it is written down, not worked
    out."""

    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.PROTECT, related_name="segments", verbose_name=_("program")
    )
    code = models.SlugField(_("code"), max_length=40, help_text=_("How rules and campaigns name this list."))
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("what it is for"), blank=True)
    is_archived = models.BooleanField(_("archived"), default=False, help_text=_("Nobody counts as being on it."))
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("member list")
        verbose_name_plural = _("member lists")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["program", "code"], name="segment_code_once")]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A member is on a list."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="places", verbose_name=_("list"), db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="segment_places", verbose_name=_("member")
    )
    actor = models.CharField(_("put there by"), max_length=80)
    created_at = models.DateTimeField(_("since"), default=clock.now)

    class Meta:
        verbose_name = _("place on a list")
        verbose_name_plural = _("places on lists")
        constraints = [models.UniqueConstraint(fields=["segment", "member"], name="segment_member_once")]

    def __str__(self) -> str:
        return f"{self.segment}: {self.member}"


class StaffAccess(models.Model):
    """Someone of the staff may work on one program, in one role."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_access", verbose_name=_("person")
    )
    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.CASCADE, related_name="staff_access", verbose_name=_("program")
    )
    role = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("role"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("staff access")
        verbose_name_plural = _("staff access")
        constraints = [models.UniqueConstraint(fields=["user", "program"], name="staff_access_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class ApiKey(models.Model):
    """The credential of a till or a shop. Only its hash is kept."""

    program = models.ForeignKey(
        "loyalty.Program", on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("program")
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["digest", "last_used_on"])

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyRecord(models.Model):
    """The answer that was given to one Idempotency-Key of one credential; kept 7 days."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return self.key
