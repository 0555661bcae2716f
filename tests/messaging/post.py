"""Mail servers that have their moods, as backends for settings.MAILERS."""

from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

from django.core.mail.backends.base import BaseEmailBackend


class Away(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise SMTPServerDisconnected("please run connect() first")


class Refusing(BaseEmailBackend):
    code = 550

    def send_messages(self, email_messages):
        raise SMTPRecipientsRefused({email_messages[0].to[0]: (self.code, b"mailbox")})


class Greylisting(Refusing):
    code = 451
