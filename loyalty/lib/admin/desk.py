"""Whose desk it is: the programs that the signed-in person may work on, which one is open, what they may do there."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_backends
from django.http import HttpRequest

SESSION_KEY = "program"


@dataclass
class Desk:
    """One person at work. `program` is None for staff to whom nobody has given a program yet."""

    user: Any
    programs: list[Any]
    program: Any = None
    _answers: dict[tuple[str, Any], bool] = field(default_factory=dict)

    def may(self, permission: str, program: Any = None) -> bool:
        """Whether the person may do `permission` (codename) in `program`, the open one by default."""
        program = program or self.program
        if program is None or not self.owns(program.pk):
            return False
        key = (permission, program.pk)
        if key not in self._answers:
            self._answers[key] = self.user.has_perm(f"loyalty.{permission}", program)
        return self._answers[key]

    def owns(self, program_id: Any) -> bool:
        """Whether the person works on this program at all."""
        return self.find(program_id) is not None

    def find(self, program_id: Any) -> Any:
        """The program of that id, or None when it is not theirs."""
        return next((program for program in self.programs if program.pk == program_id), None)


def desk_of(request: HttpRequest) -> Desk:
    """The desk of this request; asked of the sign-in backends once per request."""
    desk = getattr(request, "desk", None)
    if desk is None:
        programs = _programs_of(request.user)
        chosen = request.session.get(SESSION_KEY) if hasattr(request, "session") else None
        desk = Desk(user=request.user, programs=programs)
        desk.program = desk.find(chosen) or (programs[0] if programs else None)
        request.desk = desk  # type: ignore[attr-defined]
    return desk


def open_program(request: HttpRequest, program_id: Any, *, is_new: bool = False) -> bool:
    """Make a program the open one, for this request and the next ones; False when it is not theirs.

    With `is_new` it was made just now: the person's programs are asked for anew.
    """
    if is_new:
        vars(request).pop("desk", None)
    desk = desk_of(request)
    program = desk.find(program_id)
    if program is None:
        return False
    if desk.program is None or desk.program.pk != program.pk:
        desk.program = program
        request.session[SESSION_KEY] = program.pk
    return True


def _programs_of(user: Any) -> list[Any]:
    """What the first sign-in backend that knows about programs answers."""
    if not user.is_authenticated:
        return []
    for backend in get_backends():
        if hasattr(backend, "staff_programs"):
            return list(backend.staff_programs(user))
    return []


def actor_of(request: HttpRequest) -> str:
    """How services write down who did it."""
    return f"staff:{request.user.pk}"
