"""A valid connector configuration from a manifest's own specification (`connection_specification`), for one stream.

Values follow constants, defaults, enumerations, examples, formats and patterns; start dates are set so that a stream
reads two or three windows. What a specification cannot say is in `overrides.json`.
"""

import datetime
from typing import Any

import jsonschema
from airbyte_cdk.sources.declarative.datetime.datetime_parser import DatetimeParser
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from isodate import parse_duration

from templates import Path, components, paths_read, strings

_DATE_FORMATS = (
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%s",
    "%Y%m%d",
)


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    plain = {
        key: schema[key]
        for key in ("type", "pattern", "enum", "minimum", "maximum", "minLength", "maxLength")
        if key in schema
    }
    return jsonschema.Draft7Validator(plain).is_valid(value)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type", "string")
    return next((one for one in kind if one != "null"), "string") if isinstance(kind, list) else kind


def _text(key: str, schema: dict[str, Any], is_address: bool) -> str:
    examples = schema.get("examples") or []
    candidates = [*(examples if isinstance(examples, list) else [examples])]
    if is_address:
        candidates.insert(0, f"https://{key.replace('_', '-')}.parity.test")
    else:
        candidates += [f"{key.replace('_', '-')}-1"]
    candidates += ["12345", "acme", "https://acme.parity.test", "a" * 32]
    dates = {"date": "%Y-%m-%d", "date-time": "%Y-%m-%dT%H:%M:%SZ"}
    if (
        schema.get("format") in dates
        or "\\d{4}" in schema.get("pattern", "")
        or "[0-9]{4}" in schema.get("pattern", "")
    ):
        day = datetime.datetime(2025, 6, 1, tzinfo=datetime.timezone.utc)
        order = (dates.get(schema.get("format", ""), _DATE_FORMATS[0]), *_DATE_FORMATS)
        candidates = [day.strftime(form) for form in order] + candidates
    return next((str(one) for one in candidates if _fits(str(one), schema)), str(candidates[0]))


def value_for(key: str, schema: dict[str, Any], choice: int, addresses: set[str]) -> Any:
    """A valid value of one property; `choice` selects among alternatives (`oneOf`), so that streams cover all of them."""
    if "const" in schema:
        return schema["const"]
    if schema.get("oneOf"):
        return value_for(key, schema["oneOf"][choice % len(schema["oneOf"])], choice, addresses)
    if "default" in schema:
        return schema["default"]
    kind = _kind(schema)
    if schema.get("enum") and kind != "array":
        return schema["enum"][0]
    if kind == "object":
        return {name: value_for(name, part, choice, addresses) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("items") or {}
        if schema.get("enum"):
            return schema["enum"][:2]
        first = value_for(key, items, choice, addresses) if isinstance(items, dict) else key
        return [first, _another(first, items)]
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        examples = [one for one in schema.get("examples") or [] if isinstance(one, (int, float))]
        return examples[0] if examples else max(schema.get("minimum", 3), 1)
    return _text(key, schema, key in addresses)


def _another(first: Any, items: dict[str, Any]) -> Any:
    """A second item of an array, unlike the first."""
    if items.get("enum"):
        return items["enum"][-1]
    if isinstance(first, str):
        return f"{first[:-1]}2" if first.endswith("1") else f"{first}2"
    return first + 1 if isinstance(first, (int, float)) and not isinstance(first, bool) else first


def _addresses(manifest: dict[str, Any]) -> set[str]:
    """Configuration keys that hold a whole address: a URL template starts with them."""
    found: set[str] = set()
    for requester in components(manifest, "HttpRequester"):
        for name in ("url_base", "url"):
            template = requester.get(name) or ""
            if template.lstrip().startswith("{{"):
                first = paths_read(template.split("}}")[0] + "}}", "config")
                found.update(str(path[-1]) for path in first)
    return found


def _step(cursor: dict[str, Any], config: dict[str, Any]) -> datetime.timedelta:
    step = cursor.get("step")
    if not step:
        return datetime.timedelta(days=4)
    try:
        parsed = parse_duration(
            str(InterpolatedString.create(step, parameters=cursor.get("$parameters", {})).eval(config))
        )
        return parsed.totimedelta(start=datetime.datetime(2025, 6, 1)) if hasattr(parsed, "totimedelta") else parsed
    except Exception:
        return datetime.timedelta(days=4)


def _place_dates(config: dict[str, Any], spec: dict[str, Any], stream: dict[str, Any], now: datetime.datetime) -> None:
    """Start dates a few windows back, end dates far ahead."""
    cursors = list(components(stream, "DatetimeBasedCursor"))
    if not cursors:
        return
    span = min(
        max(2.5 * min(_step(cursor, config) for cursor in cursors), datetime.timedelta(days=2)),
        datetime.timedelta(days=80),
    )
    for cursor in cursors:
        for bound, moment in (("end_datetime", now + datetime.timedelta(days=60)), ("start_datetime", now - span)):
            limit = cursor.get(bound)
            form = (limit.get("datetime_format") if isinstance(limit, dict) else None) or cursor.get("datetime_format")
            for path in paths_read(limit, "config"):
                _place_date(config, spec, path, form, moment.replace(microsecond=0))


def _place_date(
    config: dict[str, Any], spec: dict[str, Any], path: Path, form: str | None, moment: datetime.datetime
) -> None:
    holder = config
    for key in path[:-1]:
        holder = holder.get(key, {}) if isinstance(holder, dict) else {}
    schema = spec
    for key in path:
        schema = (schema.get("properties") or {}).get(key, {})
    if not isinstance(holder, dict) or not schema or _kind(schema) not in ("string", "integer"):
        return
    wanted = [DatetimeParser().format(moment, one) for one in (form, *_DATE_FORMATS) if one]
    texts = [int(one) if _kind(schema) == "integer" and str(one).isdigit() else str(one) for one in wanted]
    holder[path[-1]] = next((one for one in texts if _fits(one, schema)), holder.get(path[-1]))


def build_config(
    manifest: dict[str, Any], stream: dict[str, Any], index: int, now: datetime.datetime, overrides: dict[str, Any]
) -> dict[str, Any]:
    """The configuration under which one stream is read."""
    spec = (manifest.get("spec") or {}).get("connection_specification") or {}
    addresses = _addresses(manifest)
    config = {name: value_for(name, part, index, addresses) for name, part in (spec.get("properties") or {}).items()}
    # Optional properties that no template of the manifest reads would change nothing.
    texts = "\n".join(strings({key: value for key, value in manifest.items() if key != "schemas"}))
    required = set(spec.get("required", []))
    config = {name: value for name, value in config.items() if name in required or name in texts}
    _place_dates(config, spec, stream, now)
    return {**config, **overrides}
