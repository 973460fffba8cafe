"""Generated records of one stream: a few properties of each JSON type from its schema, and every field that is read.

Record `n` is the same in every run. Keys are unique, some optional fields are null or absent.
"""

import copy
import datetime
from typing import Any

from airbyte_cdk.sources.declarative.datetime.datetime_parser import DatetimeParser

from templates import Path, components, paths_read

_FIELDS_MAX = 9
_DEPTH_MAX = 3
_UNKNOWN = {
    "id": {"type": "string"},
    "name": {"type": ["null", "string"]},
    "amount": {"type": "number"},
    "active": {"type": "boolean"},
    "tags": {"type": "array"},
}
_DAY = datetime.datetime(2025, 6, 1, tzinfo=datetime.timezone.utc)


def kinds(schema: Any) -> list[str]:
    if not isinstance(schema, dict):
        return ["string"]
    kind = schema.get("type")
    found = kind if isinstance(kind, list) else [kind] if kind else []
    for option in [*(schema.get("anyOf") or []), *(schema.get("oneOf") or [])]:
        found = found + kinds(option)
    if not found:
        found = ["object"] if schema.get("properties") else ["string"]
    return found


def sample(name: str, schema: Any, n: int, depth: int = 0) -> Any:
    """A value of a schema's first type that is not null."""
    schema = schema if isinstance(schema, dict) else {}
    if schema.get("enum"):
        return schema["enum"][n % len(schema["enum"])]
    kind = next((one for one in kinds(schema) if one != "null"), "string")
    if kind == "object":
        parts = list((schema.get("properties") or {}).items())[:3] if depth < _DEPTH_MAX else []
        return {key: sample(key, part, n, depth + 1) for key, part in parts}
    if kind == "array":
        items = schema.get("items")
        return [sample(name, items, n, depth + 1)] if depth < _DEPTH_MAX and items else [f"{name}-{n}"]
    if kind == "boolean":
        return n % 2 == 0
    if kind == "integer":
        return 1000 + n
    if kind == "number":
        return n + 0.25
    moment = _DAY + datetime.timedelta(hours=n)
    if schema.get("format") == "date":
        return moment.strftime("%Y-%m-%d")
    if schema.get("format") == "date-time":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{name}-{n}"


def place(target: Any, path: Path, value: Any) -> None:
    """Sets a value below a record, making the objects on the way."""
    for index, key in enumerate(path[:-1]):
        following: Any = [] if isinstance(path[index + 1], int) else {}
        if isinstance(key, int):
            while len(target) <= abs(key) - (key < 0):
                target.append({})
            if not isinstance(target[key], (dict, list)):
                target[key] = following
            target = target[key]
        else:
            if not isinstance(target.get(key), type(following)):
                target[key] = following
            target = target[key]
    if isinstance(path[-1], int):
        if not target:
            target.append(value)
        target[path[-1]] = value
    else:
        target[path[-1]] = value


def read(source: Any, path: Path) -> Any:
    for key in path:
        try:
            source = source[key]
        except (KeyError, IndexError, TypeError):
            return None
    return source


def schema_at(schema: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(schema, dict):
            return {}
        schema = schema.get("items") if isinstance(key, int) else (schema.get("properties") or {}).get(key)
    return schema or {}


class RecordMaker:
    """Makes the records of one stream, from its resolved definition and the fields that others need of it."""

    def __init__(
        self, stream: dict[str, Any], schema: dict[str, Any], needed: list[Path], extra: dict[Path, Any]
    ) -> None:
        self._stream, self._extra = stream, extra
        self._schema = schema if schema.get("properties") else {"properties": _UNKNOWN}
        added = {
            tuple(field["path"])
            for part in components(stream.get("transformations"), "AddFields")
            for field in part["fields"]
        }
        own = [*self._keys(), *paths_read(stream, "record"), *paths_read(stream.get("retriever"), "last_record")]
        self._needed = [path for path in dict.fromkeys([*needed, *own]) if path not in added]
        self._cursor = stream.get("incremental_sync") or {}
        self._cursor_paths = self._places_of_cursor(added)
        self._optional = self._chosen()

    def _keys(self) -> list[Path]:
        key = self._stream.get("primary_key") or []
        return [tuple(one) if isinstance(one, list) else (one,) for one in ([key] if isinstance(key, str) else key)]

    def _places_of_cursor(self, added: set[Path]) -> list[Path]:
        field = self._cursor.get("cursor_field")
        if not isinstance(field, str) or self._cursor.get("type") != "DatetimeBasedCursor":
            return []
        for part in components(self._stream.get("transformations"), "AddFields"):
            for definition in part["fields"]:
                if tuple(definition["path"]) == (field,):
                    return paths_read(definition["value"], "record")
        return [] if (field,) in added else [(field,)]

    def _chosen(self) -> list[str]:
        chosen: list[str] = []
        counts: dict[str, int] = {}
        for name, part in (self._schema.get("properties") or {}).items():
            kind = next((one for one in kinds(part) if one != "null"), "string")
            limit = 3 if kind == "string" else 2
            if counts.get(kind, 0) < limit and len(chosen) < _FIELDS_MAX:
                counts[kind] = counts.get(kind, 0) + 1
                chosen.append(name)
        return chosen

    def _cursor_value(self, moment: datetime.datetime) -> Any:
        formats = self._cursor.get("cursor_datetime_formats") or [self._cursor["datetime_format"]]
        value = DatetimeParser().format(moment, formats[0])
        types = kinds(schema_at(self._schema, (self._cursor["cursor_field"],)))
        return (
            int(value) if str(value).isdigit() and formats[0].startswith("%") and "string" not in types[:1] else value
        )

    def make(self, n: int, moment: datetime.datetime | None, lean: bool = False) -> dict[str, Any]:
        """Record `n`, its cursor at `moment`; a lean one holds one field and those that something reads."""
        record: dict[str, Any] = {}
        properties = self._schema.get("properties") or {}
        for position, name in enumerate(self._optional[:1] if lean else self._optional):
            turn = (n + position) % 7
            if turn == 3 and not lean and "null" in kinds(properties[name]):
                record[name] = None
            elif turn != 5 or lean:
                record[name] = sample(name, properties[name], n)
        for path in self._needed:
            if read(record, path) is None:
                place(record, path, sample(str(path[-1]), schema_at(self._schema, path), n))
        for path in self._keys():
            if len(path) == 1 and not isinstance(record.get(path[0]), (dict, list)):
                kind = next((one for one in kinds(schema_at(self._schema, path)) if one != "null"), "string")
                record[path[0]] = 1000 + n if kind in ("integer", "number") else f"{path[0]}-{n}"
        for path, value in self._extra.items():
            text = value.replace("{n}", str(n)) if isinstance(value, str) else copy.deepcopy(value)
            place(record, path, 1000 + n if value == "{n}" else text)
        for path in self._cursor_paths if moment is not None else []:
            place(record, path, self._cursor_value(moment))
        return record
