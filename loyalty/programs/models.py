from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock

RESERVED_CODES = {"admin", "api", "accounts", "static", "media", "p", "healthz", "new", "join"}


def validate_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone. Use a name such as Europe/Oslo."), params={"value": value})


def validate_code(value: str) -> None:
    if value in RESERVED_CODES:
        raise ValidationError(_("“%(value)s” is used by Laurel itself. Choose another code."), params={"value": value})


def validate_month_day(value: str) -> None:
    month, _dash, day = value.partition("-")
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= longest.get(int(month), 31)):
        raise ValidationError(_("“%(value)s” is not a date. Write month-day, such as 12-31."), params={"value": value})


colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour as # and six hexadecimal digits, such as #7a1f3d."))
currency_code = RegexValidator(r"^[A-Z]{3}$", _("Write the currency as three capital letters, such as EUR."))


class DebtPolicy(models.TextChoices):
    ONLY_PENDING = "only_pending", _("take back pending points only")
    WITHIN_BALANCE = "within_balance", _("take back what is left, never below zero")
    UNLIMITED = "unlimited", _("take back everything; the balance may go negative and the next points repay it")


class Program(models.Model):
    """The scheme a brand runs."""

    code = models.SlugField(
        _("code"), max_length=40, unique=True, validators=[validate_code], help_text=_("Part of the portal’s address: /p/code/")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("What members see."))
    is_active = models.BooleanField(
        _("open"), default=True, help_text=_("A closed program earns nothing and enrols no one; what members hold stays theirs.")
    )
    logo = models.ImageField(_("logo"), upload_to="logos/", blank=True, validators=[FileExtensionValidator(["png", "jpg", "jpeg", "webp"])])
    brand_color = models.CharField(_("brand colour"), max_length=7, default="#1f4d3a", validators=[colour])
    accent_color = models.CharField(_("accent colour"), max_length=7, default="#c98a1b", validators=[colour])
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_zone], help_text=_("Where days begin and end, such as Europe/Oslo.")
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[currency_code])
    languages = ArrayField(
        models.CharField(max_length=10), verbose_name=_("languages"), default=list, blank=True, help_text=_("The first one is the default.")
    )
    terms_url = models.URLField(_("terms page"), blank=True, help_text=_("The legal terms on your own site, if any."))
    terms_text = models.TextField(_("terms"), blank=True, help_text=_("Shown below the rules that Laurel writes out by itself."))
    debt_policy = models.CharField(
        _("when points to be taken back are already spent"), max_length=16, choices=DebtPolicy, default=DebtPolicy.WITHIN_BALANCE
    )
    warn_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(365)]),
        verbose_name=_("warn of expiry, days before"),
        default=list,
        blank=True,
        help_text=_("For example 30, 7: two messages for every expiry."),
    )
    sender_email = models.EmailField(_("sender address"), blank=True, help_text=_("Messages to members come from here."))
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Wallet(models.Model):
    """A kind of unit in a program, and the rules by which it lives."""

    class Expiry(models.TextChoices):
        NEVER = "never", _("never")
        ROLLING = "rolling", _("some months after earning")
        CALENDAR = "calendar", _("on fixed dates")
        SLIDING = "sliding", _("after some months without activity")

    class Rounding(models.TextChoices):
        NONE = "none", _("to the day")
        MONTH = "month", _("end of the month")
        QUARTER = "quarter", _("end of the quarter")
        HALF_YEAR = "half_year", _("end of the half-year")
        YEAR = "year", _("end of the year")

    class Activation(models.TextChoices):
        IMMEDIATE = "immediate", _("at once")
        AFTER_DAYS = "after_days", _("some days after earning")
        AFTER_MONTHS = "after_months", _("some months after earning")
        FIXED_DATES = "fixed_dates", _("on fixed dates")
        ON_CONFIRMATION = "on_confirmation", _("when confirmed")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="wallets", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40, help_text=_("How tills and shops name this wallet."))
    name = models.CharField(_("name"), max_length=80)
    unit_one = models.CharField(_("one unit"), max_length=40, default="point", help_text=_("For example star."))
    unit_many = models.CharField(_("many units"), max_length=40, default="points", help_text=_("For example stars."))
    is_spendable = models.BooleanField(_("spendable"), default=True)
    is_qualifying = models.BooleanField(_("counts for tiers"), default=False)
    point_value = models.DecimalField(
        _("money value of one unit"),
        max_digits=12,
        decimal_places=6,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("What one unit costs you when it is redeemed; the liability is counted with it."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    expiry = models.CharField(_("points expire"), max_length=10, choices=Expiry, default=Expiry.NEVER)
    expiry_months = models.PositiveSmallIntegerField(_("months"), default=12, validators=[MaxValueValidator(240)])
    expiry_rounding = models.CharField(_("rounded to"), max_length=10, choices=Rounding, default=Rounding.NONE)
    expiry_dates = ArrayField(
        models.CharField(max_length=5, validators=[validate_month_day]),
        verbose_name=_("expiry dates"),
        default=list,
        blank=True,
        help_text=_("Month-day, such as 12-31; points expire at the end of that day."),
    )
    expiry_min_months = models.PositiveSmallIntegerField(
        _("but not before so many months"), default=0, validators=[MaxValueValidator(60)]
    )
    sliding_activities = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("activities that keep points alive"),
        default=list,
        blank=True,
        help_text=_("Types such as purchase, review. Empty: every activity."),
    )
    activation = models.CharField(_("points can be spent"), max_length=16, choices=Activation, default=Activation.IMMEDIATE)
    activation_count = models.PositiveSmallIntegerField(_("days or months"), default=0, validators=[MaxValueValidator(730)])
    activation_dates = ArrayField(
        models.CharField(max_length=5, validators=[validate_month_day]), verbose_name=_("activation dates"), default=list, blank=True
    )
    cancel_after_days = models.PositiveSmallIntegerField(
        _("cancel when not confirmed within days"), default=30, validators=[MaxValueValidator(730)]
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "code"], name="wallet_code_once"),
            models.CheckConstraint(condition=Q(point_value__gte=0), name="wallet_value_not_negative"),
            models.CheckConstraint(condition=~Q(expiry="calendar") | ~Q(expiry_dates=[]), name="wallet_calendar_has_dates"),
            models.CheckConstraint(condition=~Q(activation="fixed_dates") | ~Q(activation_dates=[]), name="wallet_activation_has_dates"),
        ]

    def __str__(self) -> str:
        return self.name


class EarningRule(models.Model):
    """What an activity earns in one wallet."""

    class Effect(models.TextChoices):
        RATE = "rate", _("points per amount")
        FIXED = "fixed", _("fixed points per activity")
        FIXED_PER_UNIT = "fixed_per_unit", _("fixed points per item")
        MULTIPLIER = "multiplier", _("multiplies what other rules give")

    class Basis(models.TextChoices):
        BASKET = "basket", _("the whole basket")
        LINES = "lines", _("the matching lines")

    class Rounding(models.TextChoices):
        DOWN = "down", _("down")
        HALF_UP = "half_up", _("to the nearest")
        UP = "up", _("up")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rules", verbose_name=_("program"))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="rules", verbose_name=_("wallet"))
    name = models.CharField(_("name"), max_length=100, help_text=_("Members read it in their statement."))
    trigger = models.CharField(
        _("activity"), max_length=40, default="purchase", help_text=_("purchase, review, visit, or any type your shop sends.")
    )
    effect = models.CharField(_("gives"), max_length=16, choices=Effect, default=Effect.RATE)
    points = models.DecimalField(
        _("points"), max_digits=12, decimal_places=4, default=1, validators=[MinValueValidator(0)],
        help_text=_("0 per amount on matching lines excludes those products."),
    )  # fmt: skip
    per_amount = models.DecimalField(
        _("per amount"), max_digits=12, decimal_places=2, default=1, validators=[MinValueValidator("0.01")]
    )
    whole_steps = models.BooleanField(
        _("whole steps only"), default=False, help_text=_("7.00 at 10 points per 2.00 gives 30, not 35.")
    )
    factor = models.DecimalField(
        _("multiplier"), max_digits=8, decimal_places=4, default=1, validators=[MinValueValidator(0), MaxValueValidator(1000)]
    )
    basis = models.CharField(_("counted on"), max_length=8, choices=Basis, default=Basis.BASKET)
    with_tax = models.BooleanField(_("tax counts"), default=True)
    with_shipping = models.BooleanField(_("shipping counts"), default=False)
    with_discounted = models.BooleanField(_("discounted lines count"), default=True)
    rounding = models.CharField(_("rounded"), max_length=8, choices=Rounding, default=Rounding.DOWN)
    is_stackable = models.BooleanField(_("adds up with others"), default=True)
    priority = models.SmallIntegerField(_("priority"), default=0, help_text=_("Higher goes first."))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("From this instant on the rule is over."))
    is_active = models.BooleanField(_("on"), default=True)
    is_shadow = models.BooleanField(
        _("shadow"), default=False, help_text=_("Runs on live purchases and is logged, but pays nothing.")
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")
        ordering = ["-priority", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=0), name="rule_points_not_negative"),
            models.CheckConstraint(condition=Q(per_amount__gt=0), name="rule_amount_positive"),
            models.CheckConstraint(condition=Q(factor__gte=0), name="rule_factor_not_negative"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="rule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleCondition(models.Model):
    """One “if” of an earning rule; all of a rule’s conditions must hold."""

    class Subject(models.TextChoices):
        BASKET_TOTAL = "basket_total", _("basket total")
        SKU = "sku", _("product (SKU)")
        CATEGORY = "category", _("product category")
        LINE_ATTRIBUTE = "line_attribute", _("product attribute")
        CHANNEL = "channel", _("channel")
        STORE = "store", _("store")
        WEEKDAY = "weekday", _("weekday")
        TIME_OF_DAY = "time_of_day", _("time of day")
        FIRST_PURCHASE = "first_purchase", _("first purchase")
        MEMBER_ATTRIBUTE = "member_attribute", _("member attribute")
        ACTIVITY_ATTRIBUTE = "activity_attribute", _("activity attribute")

    class Operator(models.TextChoices):
        EQUALS = "equals", _("is")
        NOT_EQUALS = "not_equals", _("is not")
        IN = "in", _("is one of")
        NOT_IN = "not_in", _("is none of")
        GTE = "gte", _("is at least")
        GT = "gt", _("is more than")
        LTE = "lte", _("is at most")
        LT = "lt", _("is less than")
        BETWEEN = "between", _("is between")
        CONTAINS = "contains", _("contains")

    rule = models.ForeignKey(EarningRule, on_delete=models.CASCADE, related_name="conditions", verbose_name=_("rule"))
    subject = models.CharField(_("what"), max_length=20, choices=Subject)
    name = models.CharField(_("attribute"), max_length=60, blank=True, help_text=_("Only for attributes: which one."))
    operator = models.CharField(_("how"), max_length=12, choices=Operator, default=Operator.EQUALS)
    value = models.CharField(
        _("value"), max_length=500, blank=True, help_text=_("Several values: separate them by commas. Hours: 07:00-11:00.")
    )
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.get_operator_display()} {self.value}"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def of(self, program) -> "ActivityQuerySet":
        return self.filter(program=program)

    def purchases(self) -> "ActivityQuerySet":
        return self.filter(kind=Activity.Kind.PURCHASE)


class Activity(models.Model):
    """Anything a member did that a program may reward, as it happened; never changed afterwards."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("purchase")
        ACTIVITY = "activity", _("activity")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="activities", verbose_name=_("program"))
    member = models.ForeignKey("loyalty.Member", on_delete=models.PROTECT, related_name="activities", verbose_name=_("member"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    type = models.CharField(_("type"), max_length=40)
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("receipt or id"), max_length=120)
    digest = models.CharField(max_length=64)
    event_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("recorded at"), default=clock.now)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4, default=0)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    store = models.CharField(_("store"), max_length=60, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    payments = models.JSONField(_("payments"), default=list, blank=True)
    explanation = models.JSONField(_("explanation"), default=list, blank=True)
    actor = models.CharField(_("recorded by"), max_length=80)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.UniqueConstraint(fields=["program", "kind", "source", "external_id"], name="activity_once"),
        ]
        indexes = [
            models.Index(fields=["member", "-event_at"], name="activity_of_member"),
            models.Index(fields=["program", "-event_at"], name="activity_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class ActivityLine(models.Model):
    """One line of a purchase; `amount` is the line’s total including tax, after its discount."""

    class Kind(models.TextChoices):
        ITEM = "item", _("item")
        SHIPPING = "shipping", _("shipping")

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="lines", verbose_name=_("purchase"))
    position = models.PositiveSmallIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ITEM)
    sku = models.CharField(_("SKU"), max_length=80, blank=True)
    category = models.CharField(_("category"), max_length=80, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, default=1)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    tax = models.DecimalField(_("tax"), max_digits=18, decimal_places=4, default=0)
    discount = models.DecimalField(_("discount"), max_digits=18, decimal_places=4, default=0)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [models.UniqueConstraint(fields=["activity", "position"], name="line_once")]

    def __str__(self) -> str:
        return self.sku or self.category or str(self.position)


class ExpiryWarning(models.Model):
    """A member was told, so many days ahead, that points expire at an instant; the unique key makes telling once."""

    member = models.ForeignKey("loyalty.Member", on_delete=models.CASCADE, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    points = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "wallet", "expires_at", "days"], name="warning_once")]

    def __str__(self) -> str:
        return f"{self.points} on {self.expires_at}"


class PurchaseImport(models.Model):
    """A file of purchases on its way in: checked first, applied on a second decision."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting to be checked")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="imports", verbose_name=_("program"))
    file = models.FileField(_("file"), upload_to="imports/", validators=[FileExtensionValidator(["csv"])])
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    total_rows = models.PositiveIntegerField(_("rows"), default=0)
    done_rows = models.PositiveIntegerField(_("rows done"), default=0)
    report = models.JSONField(_("report"), default=dict, blank=True)
    uploaded_by = models.ForeignKey(
        "loyalty.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("purchase import")
        verbose_name_plural = _("purchase imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file.name
