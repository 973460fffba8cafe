"""Bodies of the upstream in the form that a manifest's decoder reads: JSON, lines, CSV, XML, gzip, zip."""

import csv
import gzip
import io
import json
import zipfile
from typing import Any
from xml.sax.saxutils import escape

_TYPES = {
    "JsonDecoder": "application/json",
    "JsonItemsDecoder": "application/json",
    "JsonlDecoder": "application/x-ndjson",
    "IterableDecoder": "text/plain",
    "CsvDecoder": "text/csv",
    "XmlDecoder": "application/xml",
    "GzipDecoder": "application/gzip",
    "ZipfileDecoder": "application/zip",
}


def _rows(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        attributes = "".join(f' {key[1:]}="{escape(str(item))}"' for key, item in value.items() if key.startswith("@"))
        inner = "".join(_element(key, item) for key, item in value.items() if key[0] not in "@#")
        return f"<{name}{attributes}>{inner}{escape(str(value.get('#text', '')))}</{name}>"
    return f"<{name}/>" if value is None else f"<{name}>{escape(str(value))}</{name}>"


def _csv(rows: list[dict[str, Any]], delimiter: str) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def encode_body(document: Any, decoder: dict[str, Any] | None) -> tuple[bytes, str]:
    """The bytes and content type of a document, for the decoder's definition (JSON without one)."""
    kind = (decoder or {}).get("type", "JsonDecoder")
    content_type = _TYPES.get(kind, "application/json")
    if kind == "GzipDecoder":
        inner, _ = encode_body(document, (decoder or {}).get("decoder"))
        return gzip.compress(inner, mtime=0), content_type
    if kind == "ZipfileDecoder":
        inner, _ = encode_body(document, (decoder or {}).get("decoder"))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("page", (2025, 1, 1, 0, 0, 0)), inner)
        return out.getvalue(), content_type
    if kind == "XmlDecoder":
        root = document if isinstance(document, dict) and len(document) == 1 else {"document": document}
        name, value = next(iter(root.items()))
        return f'<?xml version="1.0" encoding="UTF-8"?>{_element(name, value)}'.encode(), content_type
    if kind == "JsonlDecoder":
        return "".join(json.dumps(row) + "\n" for row in _rows(document)).encode(), content_type
    if kind == "IterableDecoder":
        return "".join(f"{row}\n" for row in _rows(document)).encode(), content_type
    if kind == "CsvDecoder":
        return _csv(_rows(document), (decoder or {}).get("delimiter", ",")).encode(), content_type
    return json.dumps(document, separators=(",", ":")).encode(), content_type
