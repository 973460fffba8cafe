"""The test upstream: answers every request of a stream with generated pages, tokens, logins and jobs, and notes the exchange.

`hooks.py` tells what each request is for (a frame); the answers follow the resolved manifest, see `pages.py` and `records.py`.
"""

import base64
import dataclasses
import datetime
from typing import Any

import requests
from airbyte_cdk.sources.declarative.datetime.datetime_parser import DatetimeParser
from airbyte_cdk.sources.types import Record

from encode import encode_body
from filters import passing_values
from pages import PageMaker, as_json, response_of
from records import RecordMaker, place
from templates import components, paths_read

_SIZE_CHEAP_MAX = 10
_LEAN_FROM = 4
_PARENT_PASSES_MAX = 2


@dataclasses.dataclass
class Frame:
    """What a request is for: a page of a retriever, or a step named by `kind` with its facts."""

    kind: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class Upstream:
    """One upstream per stream; it lives through the first and the second sync."""

    def __init__(self, main: dict[str, Any], overrides: dict[str, Any]) -> None:
        self._main, self._overrides = main, overrides
        self.frames: list[Frame] = []
        self.exchanges: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.now = datetime.datetime(2025, 6, 15, 12, 0, 0, 123000, tzinfo=datetime.timezone.utc)
        self.sync = 0
        self._makers: dict[int, PageMaker] = {}
        self._records: dict[str, RecordMaker] = {}
        self._bases: dict[str, int] = {}
        self._partitions: list[str] = []
        self._polls: dict[str, int] = {}
        self._tokens = 0
        self._logins: dict[str, int] = {}
        self._answers: dict[str, tuple[dict[str, str], bytes]] = {}
        self._kept: list[Any] = []

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        frame = self.frames[-1] if self.frames else Frame("unknown")
        step = getattr(self, f"_answer_{frame.kind}", None)
        if step is None:
            raise RuntimeError(f"request of unknown purpose: {request.method} {request.url}")
        headers, body = self._remembered(request, frame, step)
        self._note(request, frame, headers, body)
        return response_of(request, 200, headers, body)

    def _remembered(self, request: requests.PreparedRequest, frame: Frame, step: Any) -> tuple[dict[str, str], bytes]:
        """The same page for the same question within one sync, whoever asks: readers may remember answers or not."""
        if frame.kind != "page":
            return step(request, frame.facts)
        key = f"{self.sync} {request.method} {request.url} {request.body!r}"
        if key not in self._answers:
            self._answers[key] = step(request, frame.facts)
        return self._answers[key]

    def note_cached(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """A question that the reference answered itself, from the cache that it keeps of parents."""
        frame = self.frames[-1] if self.frames else Frame("unknown")
        self._note(request, frame, {"content-type": response.headers.get("content-type", "")}, response.content)
        self.exchanges[-1]["cached"] = True

    def _note(self, request: requests.PreparedRequest, frame: Frame, headers: dict[str, str], body: bytes) -> None:
        sent = request.body
        self.exchanges.append(
            {
                "lane": frame.facts.get("lane"),
                "for": frame.facts.get("role", frame.kind),
                "request": {
                    "method": request.method,
                    "url": request.url,
                    "headers": {name.lower(): text(value) for name, value in request.headers.items()},
                    **({"body": text(sent)} if sent else {}),
                },
                "response": {"status": 200, "headers": headers, **encoded(body)},
            }
        )

    # Logins and tokens

    def _answer_login(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        document: dict[str, Any] = {}
        place(document, tuple(facts["path"]), "session-token-1")
        return _json(document)

    def _answer_oauth(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        # One token per question: the reference logs in once per component, others may share a token.
        question = f"{request.url} {request.body!r}"
        token = self._logins.setdefault(question, len(self._logins) + 1)
        lasts: Any = 3600
        if facts.get("as_time"):
            lasts = (self.now + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = {facts["access"]: f"access-token-{token}", facts["expires"]: lasts, "token_type": "Bearer"}
        if facts.get("rotates"):
            document[facts["refresh"]] = f"refresh-token-{token}-rotated"
        return _json(document)

    def _answer_session(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        return _json({"id": 1})

    # Asynchronous jobs

    def _answer_create(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        self._tokens += 1
        document = {"id": f"job-{self._tokens}"}
        for path in paths_read(facts["definition"], "creation_response"):
            place(document, path, f"{path[-1]}-{self._tokens}")
        return _json(document)

    def _answer_poll(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        definition = facts["definition"]
        polls = self._polls[str(request.url)] = self._polls.get(str(request.url), 0) + 1
        mapping = definition["status_mapping"]
        status = mapping["running"][0] if polls == 1 and mapping.get("running") else mapping["completed"][0]
        job = str(request.url).rstrip("/").rsplit("/", 1)[-1].split("?")[0]
        document: dict[str, Any] = {"id": job}
        for path in paths_read(definition, "polling_response"):
            place(document, path, f"{path[-1]}-{job}")
        place(document, tuple(definition["status_extractor"]["field_path"]), status)
        target = (definition.get("download_target_extractor") or {}).get("field_path")
        if target and polls > 1:
            place(document, tuple(target), f"https://download.parity.test/{job}")
        return _json(document)

    # Pages

    def _answer_page(self, request: requests.PreparedRequest, facts: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        retriever = facts["retriever"]
        maker = self._makers.get(id(retriever))
        if maker is None:
            maker = self._makers[id(retriever)] = PageMaker(
                retriever, facts["definition"], facts["decoder"], facts["role"] == "main"
            )
            self._kept.append(retriever)
        facts["maker"] = maker
        more = maker.paginates and facts["page"] < self._pages_wanted(facts) - 1
        self._tokens += 1
        page = self._page(request, facts, maker, more) or self._page(request, facts, maker, False)
        if page is None:
            raise RuntimeError(f"no page suits the paginator of {facts['stream'].get('name')}: {facts.get('fault')}")
        return page

    def _pages_wanted(self, facts: dict[str, Any]) -> int:
        is_small = facts["maker"].smallest_page < 2
        if facts["role"] != "main":
            return (3 if is_small else 2) if facts["pass"] == 0 else 1
        key = as_json(facts["slice"].partition)
        if key not in self._partitions:
            self._partitions.append(key)
        pages = 4 if is_small else 3 if facts["maker"].holds_one else 2
        return pages if self._partitions.index(key) < 2 else 1

    def _page(
        self, request: requests.PreparedRequest, facts: dict[str, Any], maker: PageMaker, more: bool
    ) -> tuple[dict[str, str], bytes] | None:
        trial = (f"tok{self._tokens}", str(request.url), facts["page"])
        preferred = [] if more or facts["page"] else [self._first_count(facts)]
        tried: set[int] = set()
        for size, filled in maker.trials(more, *trial):
            if more and size > _SIZE_CHEAP_MAX and not self._may_be_large(facts):
                return None
            for count in dict.fromkeys([*preferred, size]):
                records = self._make(facts, count)
                headers, body = maker.answer(records, filled)
                if self._goes_on(request, facts, headers, body) == more:
                    maker.remember(more, size, filled, *trial)
                    return self._with_dropped(request, facts, maker, records, filled, more) or (headers, body)
                tried.add(count)
        if more:
            self.notes.append(
                f"{facts['stream'].get('name')}: no page found after which its paginator goes on ({facts.get('fault')})"
            )
        return None

    def _first_count(self, facts: dict[str, Any]) -> int:
        """Records of a first page that is the last; parents get fewer pass by pass, or nested ones would multiply."""
        if facts["role"] == "main":
            return 3
        return 2 if facts["pass"] == 0 else 1 if facts["pass"] < _PARENT_PASSES_MAX else 0

    def _may_be_large(self, facts: dict[str, Any]) -> bool:
        return facts["role"] == "main" and self.sync == 0 and len(self._partitions) == 1 and facts["pass"] == 0

    def _goes_on(
        self, request: requests.PreparedRequest, facts: dict[str, Any], headers: dict[str, str], body: bytes
    ) -> bool | None:
        try:
            records, response = self._selected(request, facts, headers, body)
            token = (facts["token"] or {}).get("next_page_token")
            last = records[-1] if records else None
            return bool(facts["retriever"]._next_page_token(response, len(records), last, token))
        except Exception as fault:  # A trial value that a template cannot take.
            facts["fault"] = fault
            return None

    def _selected(
        self, request: requests.PreparedRequest, facts: dict[str, Any], headers: dict[str, str], body: bytes
    ) -> tuple[list[Record], requests.Response]:
        response = response_of(request, 200, headers, body)
        found = facts["retriever"]._parse_response(response, facts["schema"], facts["slice"], facts["token"])
        return [one if isinstance(one, Record) else Record(one, "", facts["slice"]) for one in found], response

    def _with_dropped(
        self,
        request: requests.PreparedRequest,
        facts: dict[str, Any],
        maker: PageMaker,
        records: list[Any],
        filled: tuple[Any, ...],
        more: bool,
    ) -> tuple[dict[str, str], bytes] | None:
        """The same page with one record more that the record filter drops, where such a record is found."""
        conditions = [
            one["condition"]
            for one in components(facts["definition"].get("record_selector"), "RecordFilter")
            if one.get("condition")
        ]
        paths = [path for condition in conditions for path in paths_read(condition, "record")]
        if more or not paths or not records:
            return None
        kept = len(self._selected(request, facts, *maker.answer(records, filled))[0])
        for value in (None, 0, "", "other", False, {}):
            dropped = self._make(facts, len(records) + 1)
            place(dropped[-1], paths[0], value)
            for path in paths[1:]:
                place(dropped[-1], path, value)
            headers, body = maker.answer(dropped, filled)
            if (
                self._goes_on(request, facts, headers, body) is False
                and len(self._selected(request, facts, headers, body)[0]) == kept
            ):
                return headers, body
        return None

    def _make(self, facts: dict[str, Any], count: int) -> list[Any]:
        stream, name = facts["stream"], f"{facts['role']}:{facts['stream'].get('name')}"
        if name not in self._records:
            self._records[name] = self._record_maker(facts)
        key = f"{name}:{as_json(facts['slice'].partition)}:{as_json(facts['slice'].cursor_slice)}"
        base = self._bases.setdefault(key, 10_000 * len(self._bases) if len(self._bases) else 0)
        if facts["role"] == "main" and self.sync > 0 and not facts["slice"].cursor_slice:
            base += 5_000
        base += facts["page"] * 1_000
        begin, end = self._window(facts)
        listed = [
            self._records[name].make(
                base + i, begin + (end - begin) * ((facts["page"] * 3 + i % 3 + 1) / 8), i >= _LEAN_FROM
            )
            for i in range(count)
        ]
        cursor = stream.get("incremental_sync") or {}
        if cursor.get("is_data_feed"):
            listed.reverse()
        if cursor.get("is_client_side_incremental") and count > 1 and not facts["page"]:
            listed[-1] = self._records[name].make(base + count - 1, begin - datetime.timedelta(days=45))
        if facts["decoder"] and facts["decoder"].get("type") == "IterableDecoder":
            return [f"line-{base + i}" for i in range(count)]
        return listed

    def _record_maker(self, facts: dict[str, Any]) -> RecordMaker:
        stream, given = facts["stream"], self._overrides.get("records", {})
        extra = {
            tuple(path.split("/")): value
            for path, value in {
                **(given.get("*", {}) if facts["role"] == "main" else {}),
                **given.get("(schema)" if facts["role"] in ("schema", "resolver") else stream.get("name") or "", {}),
            }.items()
        }
        needed = self._needed_of(stream, facts["role"])
        maker = RecordMaker(stream, facts["inline_schema"], needed, extra)
        for part in components(facts["definition"].get("record_selector"), "RecordFilter"):
            if part.get("condition"):
                context = {"stream_slice": facts["slice"], "parameters": part.get("$parameters", {})}
                found = passing_values(
                    part["condition"], maker.make(1, self.now), dict(facts["retriever"].config), context
                )
                maker = RecordMaker(stream, facts["inline_schema"], needed, {**found, **extra})
        return maker

    def _needed_of(self, stream: dict[str, Any], role: str) -> list[Any]:
        """The fields that others read of a stream: parent keys and extra fields, values of a dynamic stream's template."""
        needed: list[Any] = paths_read(self._main, "components_values") if role == "resolver" else []
        for parent in components(self._main, "ParentStreamConfig"):
            if (parent.get("stream") or {}).get("name") == stream.get("name"):
                needed.append(tuple(parent["parent_key"].split("/")))
                needed += [tuple(path) for path in parent.get("extra_fields") or []]
        return needed

    def _window(self, facts: dict[str, Any]) -> tuple[datetime.datetime, datetime.datetime]:
        cursor = facts["stream"].get("incremental_sync") or {}
        values = list((facts["slice"].cursor_slice or {}).values())
        try:
            forms = [cursor["datetime_format"], *(cursor.get("cursor_datetime_formats") or [])]
            begin, end = sorted(_parsed(value, forms) for value in values[:2])
            return begin, end
        except (KeyError, ValueError):
            return self.now - datetime.timedelta(days=1), self.now


def _parsed(value: Any, forms: list[str]) -> datetime.datetime:
    for form in forms:
        try:
            return DatetimeParser().parse(value, form)
        except ValueError:
            continue
    raise ValueError(value)


def _json(document: Any) -> tuple[dict[str, str], bytes]:
    body, content_type = encode_body(document, None)
    return {"content-type": content_type}, body


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def encoded(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
