"""Pages of the upstream: records at the extractor's path, tokens where the paginator's templates look for them.

What makes a paginator go on or stop is found by trial: values are put at the places its templates read, and the
reference's own paginator is asked. Millrace is not part of this.
"""

import io
import itertools
import json
from typing import Any, Iterator

import requests
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from urllib3 import HTTPResponse

from encode import encode_body
from records import place
from templates import Path, paths_read, strings

ABSENT = object()
_TRIALS_MAX = 900
_SIZES = (3, 2, 1, 5, 6, 10, 11, 20, 25, 30, 50, 100, 101, 200, 250, 300, 500, 1000)


def response_of(
    request: requests.PreparedRequest, status: int, headers: dict[str, str], body: bytes
) -> requests.Response:
    """An answer as the reference's HTTP library would give it."""
    raw = HTTPResponse(
        io.BytesIO(body), headers=headers, status=status, preload_content=False, request_url=str(request.url)
    )
    return requests.adapters.HTTPAdapter().build_response(request, raw)


class PageMaker:
    """Builds the pages of one retriever."""

    def __init__(
        self, retriever: SimpleRetriever, definition: dict[str, Any], decoder: dict[str, Any] | None, is_main: bool
    ) -> None:
        self._retriever, self._decoder = retriever, decoder
        # Parents stay small: what is below them multiplies.
        self._preferred = _SIZES if is_main else (2, *_SIZES)
        self._paginator = definition.get("paginator") or {}
        strategy = self._paginator.get("pagination_strategy") or {}
        self._field_path = self._extractor_path(definition)
        body = [
            path
            for path in paths_read([strategy, self._paginator.get("stop_condition")], "response")
            if not any(isinstance(key, int) for key in path)
        ]
        self._places: list[tuple[str, Path]] = [("response", path) for path in body if not self._meets_records(path)]
        self._places += [("headers", path[:1]) for path in paths_read(strategy, "headers")]
        self._places = list(dict.fromkeys(self._places))[:3]
        self._literals = [word for text in strings(strategy) for word in _words_before_equals(text)]
        self._found: dict[bool, tuple[int, tuple[Any, ...]]] = {}

    @property
    def paginates(self) -> bool:
        return self._paginator.get("type", "NoPagination") != "NoPagination"

    @property
    def smallest_page(self) -> int:
        """How few records the first full page holds; one that is known only after the first page counts as many."""
        return self._found[True][0] if True in self._found else 2

    @property
    def holds_one(self) -> bool:
        """True when a page is one record: the root is the record, and holds the token too."""
        return not self._field_path and any(kind == "response" for kind, _ in self._places)

    def _extractor_path(self, definition: dict[str, Any]) -> list[str]:
        extractor = (definition.get("record_selector") or {}).get("extractor") or {}
        built = getattr(self._retriever.record_selector.extractor, "_field_path", None)
        return (
            [str(part.eval(self._retriever.config)) for part in built]
            if built
            else list(extractor.get("field_path") or [])
        )

    def _meets_records(self, path: Path) -> bool:
        length = min(len(path), len(self._field_path))
        return length > 0 and list(path[:length]) == self._field_path[:length] and len(path) >= len(self._field_path)

    def document(self, records: list[Any], filled: tuple[Any, ...]) -> Any:
        """The decoded body of a page."""
        body = _at(self._field_path, records)
        if self.holds_one:
            body = records[0] if records else {}
        for (kind, path), value in zip(self._places, filled):
            if kind == "response" and isinstance(body, dict):
                place(body, path, value)
                if value is ABSENT:
                    _drop(body, path)
        return body

    def answer(self, records: list[Any], filled: tuple[Any, ...]) -> tuple[dict[str, str], bytes]:
        body, content_type = encode_body(self.document(records, filled), self._decoder)
        headers = {"content-type": content_type}
        for (kind, path), value in zip(self._places, filled):
            if kind == "headers" and value is not ABSENT:
                headers[str(path[0])] = str(value)
        return headers, body

    def _values(self, place_: tuple[str, Path], more: bool, token: str, url: str, page: int) -> list[Any]:
        kind, path = place_
        if not more:
            return [ABSENT] if kind == "headers" else [ABSENT, None, "", False, 0, {}, []]
        links = (
            url
            + ("&" if "?" in url else "?")
            + "&".join([*(f"{word}={token}" for word in self._literals), f"page_token={token}"])
        )
        if kind == "headers":
            return [f'<{links}>; rel="next"', f"<{links}>; rel=next", token, str(page + 2)]
        name = str(path[-1]).lower()
        options: list[Any] = [token, links, True, page + 2, 1000, [{"rel": "next", "href": links}], False, page + 1]
        wanted = (
            links
            if any(word in name for word in ("url", "href", "link")) or self._token_is_address()
            else (
                True
                if name.startswith(("has", "have", "more"))
                else 1000 if "total" in name or "count" in name else token
            )
        )
        return [wanted, *[one for one in options if one is not wanted]]

    def _token_is_address(self) -> bool:
        return (self._paginator.get("page_token_option") or {}).get("type") == "RequestPath"

    def _sizes(self, more: bool) -> list[int]:
        if not more:
            return [1, 0]
        strategy = getattr(self._retriever._paginator, "pagination_strategy", None)
        size = strategy.get_page_size() if strategy is not None else None
        if size is None or "cursor_value" in (self._paginator.get("pagination_strategy") or {}):
            return list(dict.fromkeys([*self._preferred[:5], *([size] if size else []), *self._preferred]))
        return [size]

    def trials(self, more: bool, token: str, url: str, page: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Numbers of records and values to try, the likeliest first."""
        options = [self._values(one, more, token, url, page) for one in self._places]
        if more in self._found:
            size, indexes = self._found[more]
            yield size, tuple(values[index] for values, index in zip(options, indexes))
        ranks = sorted(itertools.product(*[range(len(values)) for values in options]), key=sum)
        sizes = self._sizes(more)
        pairs = (
            itertools.product(sizes, ranks) if len(ranks) > 60 else ((size, rank) for rank in ranks for size in sizes)
        )
        for size, rank in itertools.islice(pairs, _TRIALS_MAX):
            yield size, tuple(values[index] for values, index in zip(options, rank))

    def remember(self, more: bool, size: int, filled: tuple[Any, ...], token: str, url: str, page: int) -> None:
        options = [self._values(one, more, token, url, page) for one in self._places]
        indexes = tuple(
            next(i for i, one in enumerate(values) if one is value or one == value and type(one) is type(value))
            for values, value in zip(options, filled)
        )
        self._found[more] = (size, indexes)


def _words_before_equals(text: str) -> list[str]:
    pieces = text.replace("\\", "").split("=")
    words = []
    for piece in pieces[:-1]:
        word = ""
        for letter in reversed(piece):
            if not (letter.isalnum() or letter in "_$"):
                break
            word = letter + word
        if len(word) > 4 and not piece.endswith(" "):
            words.append(word)
    return words


def _at(field_path: list[str], records: list[Any]) -> Any:
    """Records at an extractor's path; below a wildcard each holder has one record."""
    if not field_path:
        return records
    head, rest = field_path[0], field_path[1:]
    if head in ("*", "**"):
        # A root that is an object: the reference takes the items of a root array one by one, before the path applies.
        return {f"item_{n}": _alone(rest, record) for n, record in enumerate(records)}
    return {head: _at(rest, records)}


def _alone(field_path: list[str], record: Any) -> Any:
    for key in reversed(field_path):
        record = [record] if key in ("*", "**") else {key: record}
    return record


def _drop(body: dict[str, Any], path: Path) -> None:
    for key in path[:-1]:
        body = body[key]
    body.pop(path[-1], None)


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
