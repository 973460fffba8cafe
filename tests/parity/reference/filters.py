"""Field values with which a generated record passes its stream's record filter, found by asking the reference."""

import itertools
from typing import Any

from airbyte_cdk.sources.declarative.interpolation.interpolated_boolean import InterpolatedBoolean
from jinja2 import Environment, nodes

from records import place, read
from templates import Path, paths_read

_TRIALS_MAX = 400


def _literals(condition: str, paths: list[Path]) -> list[Any]:
    keys = {key for path in paths for key in path}
    found = [node.value for node in Environment().parse(condition).find_all(nodes.Const)]
    return [
        one for one in found if isinstance(one, (str, int, float)) and not isinstance(one, bool) and one not in keys
    ]


def _configured(condition: str, config: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for path in paths_read(condition, "config"):
        value = read(config, path)
        found += value if isinstance(value, list) else [value] if value is not None else []
    return found


def passing_values(
    condition: str, record: dict[str, Any], config: dict[str, Any], context: dict[str, Any]
) -> dict[Path, Any]:
    """Values to put into every record; empty where a plain record passes or none was found."""
    test = InterpolatedBoolean(condition=condition, parameters=context["parameters"])

    def passes(candidate: dict[str, Any]) -> bool:
        variables = {"config": config, "record": candidate, **context}
        try:
            # The reference takes an expression that fails for true; such a record would prove nothing.
            Environment().from_string(condition).render(**variables)
            return bool(test.eval(config, record=candidate, stream_slice=context["stream_slice"]))
        except Exception:
            return False

    if passes(record):
        return {}
    paths = paths_read(condition, "record")[:3]
    values = [
        *_configured(condition, config),
        *_literals(condition, paths),
        *context["parameters"].values(),
        1000,
        True,
        {"key": 1},
        ["item"],
        None,
    ]
    for chosen in itertools.islice(itertools.product(values, repeat=len(paths)), _TRIALS_MAX):
        candidate = {**record}
        for path, value in zip(paths, chosen):
            place(candidate, path, value)
        if passes(candidate):
            return dict(zip(paths, chosen))
    return {}
