"""Whether an invited friend is somebody else: one mailbox has many spellings, one phone several."""

DOTLESS = frozenset({"gmail.com", "googlemail.com"})  # dots in the local part mean nothing there
SHORTEST_PHONE = 7


def mailbox_of(email: str) -> str:
    """One spelling for every address that leads to one mailbox: what follows a plus, case, and dots where they mean
    nothing. Two people of one domain stay two.
    """
    local, _at, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    if domain in DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else ""


def is_same_phone(one: str, other: str) -> bool:
    """Whether two numbers are one, written with or without the country: +47 912 34 567, 0047 91234567, 912 34 567."""
    first, second = sorted((_digits(one), _digits(other)), key=len)
    return len(first) >= SHORTEST_PHONE and second.endswith(first)


def _digits(phone: str) -> str:
    return "".join(filter(str.isdecimal, phone)).lstrip("0")
