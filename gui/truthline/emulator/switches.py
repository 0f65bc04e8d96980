"""What nobody documents about the service, as switches, and what is documented as limits.

A client has to come out right under every value of every switch. The first value of each is the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """Documented quotas of a dataset; lower them to reach one in a test."""

    rows: int = 250_000
    labels: int = 250
    manifest_bytes: int = 1_073_741_824
    line_characters: int = 100_000


@dataclass(frozen=True, slots=True)
class Switches:
    """How the emulated service behaves where its documentation is silent.

    Args:
        update_existing: an update of an entry replaces its whole line, or merges its top-level keys.
        second_update: the exception for an update while another one runs.
        list_while_updating: entries and labels are listed as they were, or refused with an exception.
        stale_status_seconds: how long the status from before an update is still described after it.
        last_page_token: the last page has no ``NextToken``, or an empty one.
        update_seconds: how long an update, or a distribution, is in progress.
        create_seconds: how long the creation of a dataset is in progress.
        delete_seconds: how long the deletion of a dataset or project is in progress.
        failing_share: an update or creation fails if more than this share of its lines is unusable.
        repeated_source_ref: which line stays if a source-ref comes twice in one call.
        listing: an entry comes back verbatim, with normalised numbers and key order, or with unknown keys
            left out.
        check_images: whether lines whose image is not a PNG or JPEG in S3 count as unusable too.
        throttle_rates: calls a second that an operation allows; an operation without one is unlimited.

    Raises:
        ValueError: a value is not one of those allowed.

    """

    update_existing: Literal["replace", "merge"] = "replace"
    second_update: Literal["ResourceInUseException", "LimitExceededException"] = "ResourceInUseException"
    list_while_updating: Literal["old", "ResourceInUseException", "ResourceNotReadyException"] = "old"
    stale_status_seconds: float = 0.0
    last_page_token: Literal["absent", "empty"] = "absent"  # noqa: S105  a page token is no secret
    update_seconds: float = 2.0
    create_seconds: float = 1.0
    delete_seconds: float = 1.0
    failing_share: float = 0.2
    repeated_source_ref: Literal["none", "first", "last"] = "none"
    listing: Literal["verbatim", "normalised", "known_keys"] = "verbatim"
    check_images: Literal["no", "yes"] = "no"
    throttle_rates: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name, choices in allowed_values().items():
            value = getattr(self, name)
            if isinstance(choices, tuple):
                valid = value in choices
            elif name == "throttle_rates":
                valid = all(rate > 0 for rate in value.values())
            else:
                valid = value >= 0 and value < float("inf")
            if not valid:
                raise ValueError(_explain(name, str(value)))

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Self:
        """Build switches from texts ``NAME=VALUE``.

        ``throttle_rates`` is written ``OPERATION:RATE``, several of them with commas between.

        Raises:
            ValueError: a name or value is unknown; the text lists those allowed.

        """
        values: dict[str, Any] = {}
        for setting in settings:
            name, separator, text = setting.partition("=")
            if not separator or name not in allowed_values():
                raise ValueError(_explain_names(setting))
            values[name] = _parse_value(name, text)
        return cls(**values)


def allowed_values() -> dict[str, tuple[str, ...] | str]:
    """Tell for each switch its values: a tuple of choices, or a sentence about the numbers it takes."""
    hints = get_type_hints(Switches, {**globals(), "Mapping": dict}, {})
    allowed: dict[str, tuple[str, ...] | str] = {}
    for switch in fields(Switches):
        choices = get_args(hints[switch.name])
        if switch.name == "throttle_rates":
            allowed[switch.name] = "OPERATION:RATE[,OPERATION:RATE …], rates above 0 in calls a second"
        elif hints[switch.name] is float:
            allowed[switch.name] = "a number, 0 or more"
        else:
            allowed[switch.name] = choices
    return allowed


def _parse_value(name: str, text: str) -> object:
    if isinstance(allowed_values()[name], tuple):
        return text
    try:
        if name != "throttle_rates":
            return float(text)
        pairs = (pair.partition(":") for pair in text.split(",") if pair)
        return {operation: float(rate) for operation, _, rate in pairs}
    except ValueError:
        raise ValueError(_explain(name, text)) from None


def _explain(name: str, value: str) -> str:
    choices = allowed_values()[name]
    told = ", ".join(choices) if isinstance(choices, tuple) else choices
    return f"The switch {name} cannot be {value!r}. It takes: {told}."


def _explain_names(setting: str) -> str:
    lines = [f"{setting!r} sets no switch. Write NAME=VALUE with one of:"]
    for name, choices in allowed_values().items():
        lines.append(f"  {name}={'|'.join(choices) if isinstance(choices, tuple) else choices}")
    return "\n".join(lines)
