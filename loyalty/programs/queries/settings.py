"""One setting as it stands in a document: numbers as text in one spelling, instants in UTC."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

YES, NO = ("true", "yes", "on"), ("false", "no", "off")
NOTHING = ("", "null", "~")


def written(value: Any) -> Any:
    """The value of a setting as the document has it."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [written(each) for each in value]
    return str(value) if isinstance(value, str) else value


def read(field: models.Field, value: Any) -> Any:
    """The value that `written` wrote, as the model has it."""
    if isinstance(field, ArrayField):
        return [read(field.base_field, each) for each in value]
    return field.to_python(value)


def understood(field: models.Field, value: Any, zone: Any) -> Any:
    """What a person wrote, as the model has it; instants without a zone are in `zone`. Raises ValidationError."""
    if isinstance(field, ArrayField):
        if not isinstance(value, list):
            raise ValidationError(_("Write a list here."))
        return field.clean([understood(field.base_field, each, zone) for each in value], None)
    if isinstance(value, list | dict):
        raise ValidationError(_("Write one value here."))
    if field.null and (value is None or value in NOTHING):
        return None
    if isinstance(field, models.BooleanField):
        return _yes_or_no(value)
    if isinstance(field, models.DateTimeField):
        return _instant(str(value), zone)
    return field.clean(value if isinstance(value, str) else str(value), None)


def _yes_or_no(value: Any) -> bool:
    text = str(value).lower()
    if text not in YES + NO:
        raise ValidationError(_("Write true or false."))
    return text in YES


def _instant(text: str, zone: Any) -> datetime:
    """A day alone is its beginning."""
    try:
        day = parse_date(text)
        found = datetime.combine(day, time(), zone) if day else parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ValidationError(_("Write a day and an hour, such as 2027-05-01 00:00."))
    return found if found.tzinfo else found.replace(tzinfo=zone)
