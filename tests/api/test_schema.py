"""The OpenAPI document is true: requests made from it are answered as it says, good ones and bad ones."""

import json

import jsonschema_rs
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from loyalty.lib.rest.document import document

pytestmark = pytest.mark.django_db
# 422 is for what is well formed and wrong in content: another currency, a clock ahead, a basket that does not add up.
# 410 is for what is over, such as the window within which points come back.
ACCEPTED = ["2xx", "401", "403", "404", "409", "410", "412", "422", "429"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": 20, "mode": "all"},
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
    }
)
schema = schemathesis.openapi.from_dict(json.loads(document()), config=CONFIG)
schema.app = get_wsgi_application()


@pytest.fixture
def _connection_of_the_test():
    """The application would drop it, since it is inside a transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def make_real(case, member) -> None:
    """Good requests speak of a member there is, in the program's currency; else all would end at 404."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if "number" in case.path_parameters:
        case.path_parameters["number"] = member.number
    for body in case.body.get("purchases", [case.body]) if isinstance(case.body, dict) else []:
        if "member" in body:
            body["member"] = member.number
        if "currency" in body:
            body["currency"] = "EUR"
            for line in body["lines"]:
                line["amount"] = str(line["amount"]).partition(".")[0]


@pytest.mark.usefixtures("_connection_of_the_test")
@schema.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_word(case, till, ada):
    make_real(case, ada)
    if str(case.query.get("dry_run")).lower() == "true" and "Idempotency-Key" not in case.headers:
        case.query["dry_run"] = "false"  # a dry run needs no key, which the document can say in words only
    case.call_and_validate(headers={"Authorization": f"Bearer {till.secret}"})


COMPONENTS = json.loads(document())["components"]
OPERATIONS = [
    (path, method, operation)
    for path, methods in json.loads(document())["paths"].items()
    for method, operation in methods.items()
]


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[each[2]["operationId"] for each in OPERATIONS]
)
def test_every_operation_is_told_in_full(path, method, operation):
    assert operation["summary"]
    assert "scope `" in operation["description"]
    assert operation["security"] == [{"key": []}]
    assert {"400", "401", "403", "429", "500", "503"} < operation["responses"].keys()
    refusals = [answer for status, answer in operation["responses"].items() if status >= "400"]
    assert {kind for answer in refusals for kind in answer["content"]} == {"application/problem+json"}
    if "requestBody" in operation:
        assert {"413", "415"} < operation["responses"].keys()
        assert operation["requestBody"]["content"].keys() == {"application/json"}


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[each[2]["operationId"] for each in OPERATIONS]
)
def test_every_example_is_of_the_shape_that_is_promised(path, method, operation):
    """What is sent and what is answered, refusals too."""
    shown = [operation["requestBody"]] if "requestBody" in operation else []
    for content in [each["content"] for each in (*shown, *operation["responses"].values())]:
        ((_kind, part),) = content.items()
        examples = [each["value"] for each in part.get("examples", {}).values()]
        assert examples or operation["operationId"].startswith("cancel_")  # an empty body will do there
        for example in examples:
            jsonschema_rs.validate({**part["schema"], "components": COMPONENTS}, example)
            assert_complete(part["schema"], example)
    for status, answer in operation["responses"].items():
        if status >= "400":
            (example,) = answer["content"]["application/problem+json"]["examples"].values()
            assert (example["value"]["status"], example["value"]["instance"]) == (int(status), path)


def assert_complete(schema, example):
    declared = COMPONENTS["schemas"][schema["$ref"].rpartition("/")[2]]
    assert example.keys() <= declared["properties"].keys()


def test_whatever_moves_points_needs_a_key():
    needed = {
        operation["operationId"]
        for _path, method, operation in OPERATIONS
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter.get("required")
    }
    posts = {operation["operationId"] for _path, method, operation in OPERATIONS if method == "post"}
    assert needed == posts - {"enrol_member"}


def test_the_generator_has_nothing_to_complain_about(capsys):
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        SchemaGenerator().get_schema(request=None, public=True)
        assert not GENERATOR_STATS


def test_the_document_and_the_page_need_no_key(client):
    served = client.get("/api/v1/schema")
    assert (served.status_code, served.json()["openapi"][:2]) == (200, "3.")
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "swagger-ui-bundle.js" in page.content.decode()
    assert "<script>" not in page.content.decode()


def test_only_the_page_may_set_styles(client):
    page, served = client.get("/api/v1/docs"), client.get("/api/v1/schema")
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert "unsafe" not in served["Content-Security-Policy"]
