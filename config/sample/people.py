"""Who works and shops at the sample brand, and how they sign in."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model

PASSWORD = "laurel-sample-1"  # noqa: S105 printed by `demo`, for a machine of one's own

FIRST = (
    "Mia Noah Emma Oliver Nora Jakob Sofie Lucas Ella William Maja Filip Ingrid Henrik Sara Aksel "
    "Leah Isak Frida Oskar Amelia Theo Alma Magnus Hanna Johan Olivia Emil Astrid Kasper Iben "
    "Tobias Vilde Sander Julie Markus Thea Jonas Selma Mathias Ada Ludvig Tuva Birk Live Sverre "
    "Eline Even Marte Simen"
).split()
LAST = (
    "Berg Lund Dahl Vik Moen Haugen Solberg Strand Nygaard Bakke Holm Lie Foss Aas Eide Sand Brekke "
    "Hagen Tangen Ruud Kowalski Nowak Petrov Ivanova Schmidt Fischer Dubois Rossi Silva Santos "
    "Jansen Visser Novak Horvat Nagy Murphy"
).split()


@dataclass(frozen=True, slots=True)
class SignIn:
    """One line of the table that `demo` prints."""

    who: str
    role: str
    email: str
    path: str
    password: str = PASSWORD


def user_for(email: str, name: str, *, language: str = "en", is_staff: bool = False, is_superuser: bool = False):
    """A user with a verified address and the sample password; known ones are left alone."""
    model = get_user_model()
    user = model.objects.filter(email=email).first()
    if user is None:
        user = model.objects.create_user(
            email, PASSWORD, name=name, language=language, is_staff=is_staff, is_superuser=is_superuser
        )
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
