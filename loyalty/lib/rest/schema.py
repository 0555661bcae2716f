"""The OpenAPI document, made from what the operations and shapes declare."""

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from loyalty.lib import errors
from loyalty.lib.rest.faults import Fault, InvalidInput
from loyalty.lib.rest.operations import Keyed, Operation
from loyalty.lib.rest.problems import CONTENT_TYPE as PROBLEM
from loyalty.lib.rest.problems import REFUSALS, problem
from loyalty.lib.rest.shapes import MISSING, Input, Many, Output

KEY_PATTERN = "^[!-~]{1,255}$"
ALWAYS = (400, 401, 403, 429, 500, 503)
WITH_BODY = (411, 413, 415)
WORDS = {
    200: "Done.",
    201: "Recorded.",
    400: "Malformed, an unknown field, a wrong type or range. Nothing was done.",
    401: "No valid key.",
    403: "The key lacks the scope.",
    404: "Unknown, or someone else's.",
    409: "The state of things forbids it, or the same Idempotency-Key is still being worked on.",
    410: "It was possible once and is over.",
    411: "A body without Content-Length.",
    412: "`If-Match` names an older version.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "Well formed, and wrong in content; or the Idempotency-Key was used for something else.",
    429: "Too many requests.",
    500: "Our mistake.",
    503: "Too busy; the same request may be sent again.",
}


# How the refusals look that the document shows, where the framework does not word them.
REFUSED: dict[int, tuple[str, str | Promise]] = {
    400: (InvalidInput.code, InvalidInput.message),
    403: ("missing-scope", "This key lacks the scope %(scope)s."),
    409: (
        "in-progress",
        "The first request with this Idempotency-Key is still running. Send it again in a moment.",
    ),
    410: (errors.Gone.code, "It was possible once and is over."),
    412: (errors.Stale.code, errors.Stale.message),
    422: ("key-reused", "This Idempotency-Key was used for another request. Use a new key for a new intention."),
}


class FaultOutput(Output):
    """One thing that is wrong, and where: a JSON pointer into the body, a query parameter, or a header."""

    code = serializers.CharField()
    detail = serializers.CharField()
    pointer = serializers.CharField(required=False)
    parameter = serializers.CharField(required=False)
    header = serializers.CharField(required=False)


class ProblemOutput(Output):
    """A refusal (RFC 9457). Match on `code`; `detail` is for people and may be translated. Some carry more members."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.CharField()
    errors = FaultOutput(many=True, required=False)


class StrictFieldExtension(OpenApiSerializerFieldExtension):
    """Strict fields know their own schema."""

    target_class = "loyalty.lib.rest.fields.StrictField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        field = self.target
        if isinstance(field, Many):
            items = auto_schema.resolve_serializer(field.shape, direction).ref
            return {"type": "array", "items": items, "minItems": field.least, "maxItems": field.most}
        return field.describe()


class RestSchema(AutoSchema):
    """Writes down one operation as it is declared."""

    @property
    def operation(self) -> Operation:
        return getattr(self.view, self.method.lower()).operation

    def is_excluded(self) -> bool:
        return not hasattr(getattr(self.view, self.method.lower()), "operation")

    def get_operation_id(self) -> str:
        return self.operation.id

    def get_summary(self) -> str:
        return self.operation.summary

    def get_description(self) -> str:
        scope = f"Needs a key with the scope `{self.operation.scope}`."
        return f"{self.operation.description}\n\n{scope}".strip()

    def get_tags(self) -> list[str]:
        return [self.operation.tag]

    def get_request_serializer(self) -> Any:
        return self.operation.body

    def get_response_serializers(self) -> Any:
        statuses = {*ALWAYS, *self.operation.problems, *(WITH_BODY if self.operation.body else ())}
        problems = {
            (status, PROBLEM): OpenApiResponse(ProblemOutput, WORDS[status], [self._refusal(status)])
            for status in sorted(statuses)
        }
        answers = {status: OpenApiResponse(shape, WORDS[status]) for status, shape in self.operation.answers.items()}
        return answers | problems

    def _refusal(self, status: int) -> OpenApiExample:
        """What a refusal with this status looks like here."""
        code, words = REFUSED.get(status) or REFUSALS[status]
        faults = (Fault("required", MISSING, "/member"),) if code == InvalidInput.code else ()
        if code == "missing-scope":
            words = words % {"scope": self.operation.scope}
        value = problem(status, code, words, self.path, faults)
        return OpenApiExample(str(status), value=value, media_type=PROBLEM, status_codes=[str(status)])

    def get_examples(self) -> list[OpenApiExample]:
        asked, answered = self.operation.example, self.operation.answer
        examples = [OpenApiExample("Example", value=asked, request_only=True)] if asked else []
        if answered:
            done = [str(status) for status in self.operation.answers]
            examples.append(OpenApiExample("Answer", value=answered, response_only=True, status_codes=done))
        return examples

    def get_override_parameters(self) -> list[Any]:
        return [*self._in_path(), *self._in_query(), *self._headers(), *self._response_headers()]

    def _in_path(self) -> Iterator[OpenApiParameter]:
        for name, field in self.operation.path.items():
            words = str(field.help_text or "")
            yield OpenApiParameter(name, field.describe(), OpenApiParameter.PATH, required=True, description=words)

    def _in_query(self) -> Iterator[OpenApiParameter]:
        for name, field in self.operation.query._declared_fields.items() if self.operation.query else ():
            usual = {} if field.default is serializers.empty else {"default": field.default}
            words = str(field.help_text or "")
            yield OpenApiParameter(name, field.describe() | usual, required=field.required, description=words)

    def _headers(self) -> Iterator[OpenApiParameter]:
        if self.operation.keyed is not Keyed.NO:
            yield OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "pattern": KEY_PATTERN},
                OpenApiParameter.HEADER,
                required=self.operation.keyed is Keyed.MUST,
                description="Any text of your own, new for every new intention. The same key with the same request "
                "gives the first answer again, for 7 days.",
            )
        if self.operation.has_version and self.method == "PATCH":
            words = "The `ETag` that you read. 412 if the resource changed since."
            yield OpenApiParameter("If-Match", {"type": "string"}, OpenApiParameter.HEADER, description=words)

    def _response_headers(self) -> Iterator[OpenApiParameter]:
        header: Any = OpenApiParameter.HEADER
        text = {"type": "string"}
        if self.operation.keyed is not Keyed.NO:
            words = "`true` when this is the first answer again."
            kept = [str(status) for status in (*self.operation.answers, *self.operation.problems)]
            yield OpenApiParameter("Idempotency-Replayed", text, header, description=words, response=kept)
        if self.operation.has_version:
            done = [str(status) for status in self.operation.answers]
            yield OpenApiParameter("ETag", text, header, description="The version, for `If-Match`.", response=done)
        for statuses, name, words in (
            ([401], "WWW-Authenticate", "`Bearer`, and what is wrong."),
            ([409, 429, 503], "Retry-After", "Seconds to wait."),
        ):
            yield OpenApiParameter(name, text, header, description=words, response=[str(status) for status in statuses])

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, Input):
            schema["additionalProperties"] = False
            schema["required"] = [name for name, field in serializer._declared_fields.items() if field.required]
            if not schema["required"]:
                del schema["required"]
        return schema
