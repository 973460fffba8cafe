"""Joins the reference implementation to the upstream: what each request is for, no network, no waits, one cache per sync."""

import contextlib
import functools
import json
import logging
import time
from typing import Any, Callable, Iterator

import requests
import requests_cache
from airbyte_cdk.sources.declarative.auth import token as token_module
from airbyte_cdk.sources.declarative.auth.token_provider import SessionTokenProvider
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.declarative.requesters.http_job_repository import AsyncHttpJobRepository
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.streams.call_rate import CachedLimiterSession, LimiterSession
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.sources.streams.http.requests_native_auth.abstract_oauth import AbstractOauth2Authenticator
from airbyte_cdk.sources.types import StreamSlice

from upstream import Frame, Upstream


class Session:
    """The upstream of the stream that is being read, and the cache of the sync."""

    def __init__(self) -> None:
        self.upstream: Upstream | None = None
        self.cache = requests_cache.BaseCache("parity")
        self.models: list[dict[str, Any]] = []
        self.passes = 0
        self.in_schema = False
        self.in_resolver = False

    def begin_sync(self) -> None:
        self.cache = requests_cache.BaseCache("parity")
        self.passes = 0

    @contextlib.contextmanager
    def frame(self, kind: str, **facts: Any) -> Iterator[None]:
        assert self.upstream is not None
        self.upstream.frames.append(Frame(kind, facts))
        try:
            yield
        finally:
            self.upstream.frames.pop()


def as_definition(model: Any) -> dict[str, Any]:
    return json.loads(model.json(by_alias=True, exclude_none=True))


def _wrap(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(make(original)))


def _inline_schema(stream: dict[str, Any]) -> dict[str, Any]:
    loader = stream.get("schema_loader")
    loaders = loader if isinstance(loader, list) else [loader]
    return next(
        (
            one.get("schema") or {}
            for one in loaders
            if isinstance(one, dict) and one.get("type") == "InlineSchemaLoader"
        ),
        {},
    )


def _role(session: Session) -> str:
    if not session.models:
        return "resolver"
    return "main" if len(session.models) == 1 and not session.in_resolver else "parent"


def _hook_factory(session: Session) -> None:
    def stream(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, model: Any, config: Any, **kwargs: Any) -> Any:
            session.models.append(as_definition(model))
            try:
                return original(self, model, config, **kwargs)
            finally:
                session.models.pop()

        return call

    def retriever(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, model: Any, config: Any, **kwargs: Any) -> Any:
            made = original(self, model, config, **kwargs)
            definition = as_definition(model)
            owner = session.models[-1] if session.models else {"name": kwargs.get("name"), "retriever": definition}
            own = not session.in_schema
            inner = getattr(made, "retriever", made)
            inner._parity = {
                "stream": owner if own else {"name": f"{owner.get('name')} (schema)", "retriever": definition},
                "definition": definition,
                "decoder": definition.get("decoder"),
                "role": _role(session) if own else "schema",
            }
            return made

        return call

    def job(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: AsyncHttpJobRepository, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            owner = session.models[-1]
            definition = owner["retriever"]
            for requester, kind in ((self.creation_requester, "create"), (self.polling_requester, "poll")):
                requester._parity_step = (kind, definition)
            self.download_retriever._parity = {
                "stream": owner,
                "definition": {
                    "record_selector": definition["record_selector"],
                    "paginator": definition.get("download_paginator"),
                },
                "decoder": definition.get("download_decoder") or definition.get("decoder"),
                "role": _role(session),
            }

        return call

    def inside(flag: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def make(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(self: Any, *args: Any, **kwargs: Any) -> Any:
                setattr(session, flag, True)
                try:
                    return original(self, *args, **kwargs)
                finally:
                    setattr(session, flag, False)

            return call

        return make

    _wrap(ModelToComponentFactory, "create_dynamic_schema_loader", inside("in_schema"))
    _wrap(ModelToComponentFactory, "create_http_components_resolver", inside("in_resolver"))
    _wrap(ModelToComponentFactory, "create_default_stream", stream)
    _wrap(ModelToComponentFactory, "create_simple_retriever", retriever)
    _wrap(AsyncHttpJobRepository, "__post_init__", job)
    ModelToComponentFactory.set_api_budget = lambda self, *_: None  # Call budgets wait; they change no request.


def _hook_pages(session: Session) -> None:
    def read(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: SimpleRetriever, records_generator_fn: Any, stream_slice: StreamSlice) -> Any:
            self._parity_page, self._parity_lane = 0, session.passes
            self._parity_pass = getattr(self, "_parity_passes", 0)
            self._parity_passes = self._parity_pass + 1
            session.passes += 1
            yield from original(self, records_generator_fn, stream_slice)

        return call

    def fetch(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: SimpleRetriever, stream_slice: StreamSlice, next_page_token: Any = None, **kwargs: Any) -> Any:
            facts = dict(self._parity)
            page, self._parity_page = self._parity_page, self._parity_page + 1
            schema = _inline_schema(facts["stream"])
            facts.update(
                retriever=self,
                slice=stream_slice,
                token=next_page_token,
                page=page,
                lane=self._parity_lane,
                inline_schema=schema,
                schema=schema,
            )
            facts["pass"] = self._parity_pass
            with session.frame("page", **facts):
                return original(self, stream_slice, next_page_token, **kwargs)

        return call

    def step(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: HttpRequester, *args: Any, **kwargs: Any) -> Any:
            if not hasattr(self, "_parity_step"):
                return original(self, *args, **kwargs)
            kind, definition = self._parity_step
            with session.frame(kind, definition=definition):
                return original(self, *args, **kwargs)

        return call

    _wrap(SimpleRetriever, "_read_pages", read)
    _wrap(SimpleRetriever, "_fetch_next_page", fetch)
    _wrap(HttpRequester, "send_request", step)


def _hook_logins(session: Session) -> None:
    def login(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: SessionTokenProvider) -> None:
            with session.frame("login", path=self.session_token_path):
                original(self)

        return call

    def oauth(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any) -> Any:
            rotates = type(self).__name__.startswith("DeclarativeSingleUse")
            facts = {
                "access": self.get_access_token_name(),
                "expires": self.get_expires_in_name(),
                "refresh": self.get_refresh_token_name(),
                "rotates": rotates,
            }
            facts["as_time"] = self.token_expiry_is_time_of_expiration
            with session.frame("oauth", **facts):
                return original(self)

        return call

    def legacy(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(api_url: str, username: str, password: str, response_key: str) -> str:
            with session.frame("login", path=[response_key]):
                return original(api_url, username, password, response_key)

        return call

    def valid(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any) -> bool:
            with session.frame("session"):
                return original(self)

        return call

    _wrap(SessionTokenProvider, "_refresh", login)
    _wrap(AbstractOauth2Authenticator, "_make_handled_request", oauth)
    _wrap(token_module, "get_new_session_token", legacy)
    _wrap(token_module.LegacySessionTokenAuthenticator, "is_valid_session_token", valid)


def install() -> Session:
    """Patches the reference for this process; the session returned is set before each stream and sync."""
    session = Session()

    def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        assert session.upstream is not None
        return session.upstream.answer(request)

    def open_session(self: HttpClient) -> requests.Session:
        if not self._use_cache:
            return LimiterSession(api_budget=self._api_budget)
        made = CachedLimiterSession(
            cache_name="parity", backend="memory", api_budget=self._api_budget, match_headers=True
        )
        made.cache = session.cache
        return made

    def noted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            response = original(self, request, **kwargs)
            if getattr(response, "from_cache", False) and session.upstream is not None:
                session.upstream.note_cached(request, response)
            return response

        return call

    _wrap(CachedLimiterSession, "send", noted)
    requests.adapters.HTTPAdapter.send = send
    HttpClient._request_session = open_session
    time.sleep = lambda _: None
    logging.disable(logging.CRITICAL)
    _hook_factory(session)
    _hook_pages(session)
    _hook_logins(session)
    return session
