"""Refusals are problem+json (RFC 9457), whoever refuses: the program, the framework, the router, the database."""

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework.test import APIRequestFactory

from loyalty.lib import errors
from loyalty.lib.rest.problems import answer_problem, problem_of, status_of
from tests.api.test_bad_input import ensure_problem


class SoldOut(errors.Conflict):
    """An example."""

    code = "sold-out"
    message = "Nothing is left."


class View:
    allowed_methods = ("GET",)


def refusal_of(exc: Exception, method: str = "POST"):
    request = APIRequestFactory().generic(method, "/api/v1/things")
    return answer_problem(exc, {"request": request, "view": View()})


@pytest.mark.parametrize(
    ("category", "status"),
    [
        (errors.Malformed, 400),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Gone, 410),
        (errors.Stale, 412),
        (errors.Unprocessable, 422),
        (errors.Busy, 503),
        (SoldOut, 409),
        (errors.DomainError, 409),
    ],
)
def test_a_category_is_a_status(category, status):
    assert status_of(category()) == status


def test_all_that_a_refusal_says():
    refusal = SoldOut(field="lines/0/sku", left=0, status="nonsense", code="nonsense")
    assert problem_of(refusal, "/api/v1/things") == {
        "type": "/api/v1/docs#sold-out",
        "title": "Conflict",
        "status": 409,
        "detail": "Nothing is left.",
        "instance": "/api/v1/things",
        "code": "sold-out",
        "errors": [{"pointer": "#/lines/0/sku", "code": "sold-out", "detail": "Nothing is left."}],
        "left": 0,
    }


def test_a_field_of_a_question_is_a_parameter():
    assert b'"parameter":"wallet"' in refusal_of(SoldOut(field="wallet"), "GET").content


@pytest.mark.parametrize("exc", [OperationalError("gone"), InterfaceError("gone"), errors.Busy()])
def test_busy_says_when_to_come_again(exc):
    answer = refusal_of(exc)
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert b"gone" not in answer.content


def test_what_is_not_foreseen_is_left_to_django():
    assert refusal_of(DatabaseError("secret")) is None
    assert refusal_of(Http404("secret")).status_code == 404


@pytest.mark.django_db
def test_our_own_mistake(till, ada, settings):
    """The configuration of the program is missing: the answer tells nothing of why, the log does."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = "not a number"
    problem = ensure_problem(till.post("/purchases", {"a": 1}, key="k"), 500)
    assert problem["code"] == "internal-error"
    assert "number" not in problem["detail"]
