from email.headerregistry import Address
from smtplib import SMTPRecipientsRefused
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from loyalty.lib.colours import ink_on
from loyalty.members.models import Member
from loyalty.messaging import rules
from loyalty.programs.queries.in_force import as_published

MAILER = "default"
PERMANENT = 500  # SMTP replies from here on say that trying again is of no use (RFC 5321, 4.2.1)


class AddressRefused(Exception):
    """The mail server will never take mail for this address."""


def send(notice: rules.Notice, *, member: Member, recipient: str) -> None:
    """Hand one letter to the mail server, in the active language.

    Raises AddressRefused when it is of no use to try again, and the server's other trouble as it comes.
    """
    try:
        letter(notice, member=member, recipient=recipient).send(using=MAILER)
    except SMTPRecipientsRefused as error:
        if all(code >= PERMANENT for code, _words in error.recipients.values()):
            raise AddressRefused from error
        raise


def letter(notice: rules.Notice, *, member: Member, recipient: str) -> EmailMultiAlternatives:
    """The e-mail with its plain-text twin, from the program's own sender where it has one."""
    sender = _sender_of(member)
    context = _context(notice, member)
    message = EmailMultiAlternatives(
        subject=" ".join(notice.subject.splitlines()),
        body=render_to_string("messaging/letter.txt", context),
        from_email=str(sender),
        to=[recipient],
        headers={
            "Message-ID": rules.message_id(member.pk, notice.key, sender.domain or "localhost"),
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(render_to_string("messaging/letter.html", context), "text/html")
    return message


def _sender_of(member: Member) -> Address:
    program = as_published(member.program)
    address = program.sender_email or settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> ")
    return Address(display_name=" ".join(program.name.splitlines()), addr_spec=address)


def _context(notice: rules.Notice, member: Member) -> dict[str, object]:
    program = as_published(member.program)
    return {
        "notice": notice,
        "program": program,
        "name": member.name,
        "language": get_language(),
        "ink": ink_on(program.brand_color),
        "logo_url": _absolute(program.logo.url) if program.logo else "",
        "button_url": _absolute(reverse(f"loyalty:{notice.page}", args=[program.code])),
        "preferences_url": _absolute(reverse("loyalty:me", args=[program.code])),
    }


def _absolute(path: str) -> str:
    return urljoin(settings.SITE_URL, path)
