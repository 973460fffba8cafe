"""Reads the streams of one manifest with the reference implementation against the upstream; writes what it saw as JSON.

    python drive.py <manifest.yaml> <out.json> [--stream NAME]

One entry per stream: configuration, two syncs (requests with their answers, records, state), coverage, faults.
"""

import argparse
import contextlib
import copy
import datetime
import io
import json
import pathlib
import sys
import traceback
from typing import Any

import orjson
import yaml
from freezegun import freeze_time

from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)
from airbyte_cdk.sources.declarative import concurrent_declarative_source as module
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

from configs import build_config
from hooks import Session, install
from upstream import Upstream

_FIRST = datetime.datetime(2025, 6, 15, 12, 0, 0, 123000, tzinfo=datetime.timezone.utc)
_SECOND = _FIRST + datetime.timedelta(days=2)
_PARTITIONS_MAX = 2_000


class Reference:
    """A manifest under the reference implementation; references are resolved once for all its streams."""

    def __init__(self, path: pathlib.Path, session: Session) -> None:
        self._session = session
        self._manifest = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        first = ConcurrentDeclarativeSource(source_config=copy.deepcopy(self._manifest), config={})
        self.resolved: dict[str, Any] = copy.deepcopy(dict(first.resolved_manifest))
        ConcurrentDeclarativeSource._initialize_cache_for_parent_streams(self.resolved.get("streams") or [])
        # Loaded and checked once: what follows differs only in config and stream.
        module.get_declarative_component_schema = lambda: {}
        ConcurrentDeclarativeSource._validate_source = lambda _: None
        ConcurrentDeclarativeSource._pre_process_manifest = lambda _, manifest: manifest

    def source(
        self, config: dict[str, Any], name: str | None, state: list[AirbyteStateMessage] | None
    ) -> ConcurrentDeclarativeSource:
        left_out = ("definitions", "schemas", "streams", "metadata", *(["dynamic_streams"] if name is not None else []))
        manifest = {key: value for key, value in self.resolved.items() if key not in left_out}
        manifest["streams"] = [one for one in self.resolved.get("streams") or [] if one["name"] == name]
        manifest = copy.deepcopy(manifest)
        return ConcurrentDeclarativeSource(source_config=manifest, config=config, state=state)

    def sync(
        self, config: dict[str, Any], stream_name: str, is_static: bool, state: dict[str, Any] | None
    ) -> dict[str, Any]:
        upstream = self._session.upstream
        assert upstream is not None
        upstream.exchanges = []
        self._session.begin_sync()
        with contextlib.redirect_stdout(io.StringIO()):  # Control messages.
            return self._sync(upstream, config, stream_name, is_static, state)

    def _sync(
        self,
        upstream: Upstream,
        config: dict[str, Any],
        stream_name: str,
        is_static: bool,
        state: dict[str, Any] | None,
    ) -> dict[str, Any]:
        source = self.source(copy.deepcopy(config), stream_name if is_static else None, _messages(stream_name, state))
        stream = next(one for one in source.streams(source._config) if one.name == stream_name)
        records: list[Any] = []
        partitions = 0
        for partition in stream.generate_partitions():
            partitions += 1
            if partitions > _PARTITIONS_MAX:
                raise RuntimeError(f"more than {_PARTITIONS_MAX} partitions")
            for record in partition.read():
                records.append(orjson.loads(orjson.dumps(dict(record.data), default=str)))
                stream.cursor.observe(record)
            stream.cursor.close_partition(partition)
            while not source._concurrent_source._queue.empty():
                source._concurrent_source._queue.get()
        stream.cursor.ensure_at_least_one_state_emitted()
        after = source._connector_state_manager.get_stream_state(stream_name, None)
        return {
            "records": records,
            "state": json.loads(json.dumps(dict(after), default=str)),
            "partitions": partitions,
            "exchanges": upstream.exchanges,
        }


def _messages(name: str, state: dict[str, Any] | None) -> list[AirbyteStateMessage] | None:
    if state is None:
        return None
    descriptor = AirbyteStreamState(stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(state))
    return [AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=descriptor)]


def read_stream(
    reference: Reference,
    session: Session,
    clock: Any,
    definition: dict[str, Any],
    index: int,
    overrides: dict[str, Any],
    name: str,
    template: dict[str, Any] | None,
) -> dict[str, Any]:
    """Two syncs of one stream (one where it has no cursor), with what covers it."""
    clock.move_to(_FIRST)
    config = build_config(reference.resolved, definition, index, _FIRST, overrides.get("config", {}))
    upstream = session.upstream = Upstream({"stream": definition, "template": template}, overrides)
    is_static = template is None
    entry: dict[str, Any] = {"stream": name, "config": copy.deepcopy(config), "syncs": []}
    try:
        syncs = [{"now": _FIRST.isoformat(), **reference.sync(config, name, is_static, None)}]
        if definition.get("incremental_sync"):
            clock.move_to(_SECOND)
            upstream.sync, upstream.now = 1, _SECOND
            syncs.append({"now": _SECOND.isoformat(), **reference.sync(config, name, is_static, syncs[0]["state"])})
        entry["syncs"] = syncs
    except Exception as fault:
        entry["fault"] = f"{type(fault).__name__}: {fault}"
        last = [[one["request"]["url"], one["response"].get("body", "")[:400]] for one in upstream.exchanges[-3:]]
        print(f"{name}: {traceback.format_exc()[-3000:]}\nlast answers: {last}", file=sys.stderr)
    if upstream.notes:
        entry["notes"] = sorted(set(upstream.notes))
    entry["shape"] = _shape(definition)
    return entry


def _shape(definition: dict[str, Any]) -> dict[str, bool]:
    retriever = definition.get("retriever") or {}
    paginator = retriever.get("paginator") or retriever.get("download_paginator") or {}
    return {
        "paginates": paginator.get("type", "NoPagination") != "NoPagination",
        "partitions": bool(retriever.get("partition_router")),
        "incremental": bool(definition.get("incremental_sync")),
    }


def dynamic_names(
    reference: Reference, session: Session, overrides: dict[str, Any]
) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """The streams that a manifest's dynamic templates give against the upstream, with their resolved definitions."""
    found = []
    for template in reference.resolved.get("dynamic_streams") or []:
        config = build_config(reference.resolved, template["stream_template"], 0, _FIRST, overrides.get("config", {}))
        session.upstream = Upstream(template, overrides)
        source = reference.source(config, None, None)
        found += [(one["name"], one, template) for one in source.dynamic_streams]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--stream")
    options = parser.parse_args()
    session = install()
    name = options.manifest.stem.removeprefix("source-")
    overrides = json.loads((pathlib.Path(__file__).parent / "overrides.json").read_text()).get(name, {})
    with freeze_time(_FIRST, ignore=["yaml", "jinja2", "pydantic"]) as clock:
        reference = Reference(options.manifest, session)
        jobs: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
            (one["name"], one, None) for one in reference.resolved.get("streams") or []
        ]
        jobs += dynamic_names(reference, session, overrides)
        entries = [
            read_stream(reference, session, clock, one, index, overrides, found, template)
            for index, (found, one, template) in enumerate(jobs)
            if options.stream in (None, found)
        ]
    options.out.write_text(json.dumps({"manifest": options.manifest.name, "streams": entries}))
    faults = [one for one in entries if "fault" in one]
    print(f"{name}: {len(entries)} streams, {len(faults)} faults", file=sys.stderr)


if __name__ == "__main__":
    main()
