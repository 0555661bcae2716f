"""What rules and audiences can ask, and how."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    TIER = "tier", _("tier")
    LIST = "list", _("member list")
    MEMBER_DAYS = "member_days", _("days since joining")
    AGE = "age", _("age in years")
    BIRTHDAY = "birthday", _("days to or since the birthday")
    DAYS_SINCE_PURCHASE = "days_since_purchase", _("days since the last purchase")
    PURCHASES_IN_DAYS = "purchases_in_days", _("purchases in the last days")
    SPEND_IN_DAYS = "spend_in_days", _("money spent in the last days")
    ACTIVITIES_IN_DAYS = "activities_in_days", _("activities in the last days")


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
