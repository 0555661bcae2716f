"""What a rule or policy refuses at construction."""


class InvalidSetting(ValueError):
    """Nonsense in a setting, such as a negative rate. `field` names the argument, `code` why; `wording.invalid`
    says it in words."""

    def __init__(self, field: str, code: str, **params: str) -> None:
        self.field = field
        self.code = code
        self.params = params
        super().__init__(f"{field}: {code}" + "".join(f" {key}={value}" for key, value in params.items()))


def ensure_choice(field: str, value: object, choices: object) -> None:
    """Raises InvalidSetting unless `value` is one of `choices`."""
    if value not in choices:  # type: ignore[operator]
        raise InvalidSetting(field, "unknown-choice", value=str(value))
