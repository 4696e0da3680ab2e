"""A provider's form post, read from bytes that are at hand: Django's own parser stops at 2.5 MB of text.

https://www.rfc-editor.org/rfc/rfc7578
"""

from urllib.parse import parse_qsl

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from integrations.bodies import FORM_TYPE
from integrations.contracts import Malformed

MULTIPART_TYPE = "multipart/form-data"
MAX_FIELDS = 1_000

Files = MultiValueDict[str, SimpleUploadedFile]


def read(content_type: str, body: bytes) -> tuple[QueryDict, Files]:
    """The fields and files of the post; nothing for other content types. Raises Malformed."""
    kind, parameters = parse_header_parameters(content_type)
    fields, files = QueryDict(mutable=True), Files()
    if kind == FORM_TYPE:
        _read_pairs(body, fields)
    elif kind == MULTIPART_TYPE:
        boundary = parameters.get("boundary", "")
        for part in _parts(body, boundary.encode("latin-1", "replace")):
            _take(part, fields, files)
    return fields, files


def _read_pairs(body: bytes, fields: QueryDict) -> None:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Malformed(f"The body is no form of at most {MAX_FIELDS} fields.") from error
    for name, value in pairs:
        fields.appendlist(name, value)


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the boundaries."""
    mark = b"--" + boundary
    _, *parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if not boundary or not parts or not parts[-1].startswith(b"--") or len(parts) > MAX_FIELDS:
        raise Malformed("The body is no whole multipart form: its last boundary is missing.")
    return [part.removeprefix(b"\r\n") for part in parts[:-1]]


def _take(part: bytes, fields: QueryDict, files: Files) -> None:
    head, found, content = part.partition(b"\r\n\r\n")
    headers = dict(_header(line) for line in head.split(b"\r\n"))
    _, about = parse_header_parameters(headers.get("content-disposition", ""))
    if not found or "name" not in about:
        raise Malformed("A part of the form has no name.")
    kind, parameters = parse_header_parameters(headers.get("content-type", "text/plain"))
    if "filename" in about:
        # Django would drop a file without a usable name. Nothing that came is dropped.
        file = SimpleUploadedFile(about["filename"].rpartition("/")[2] or "file", content, kind)
        files.appendlist(about["name"], file)
        return
    fields.appendlist(about["name"], _decoded(content, parameters.get("charset", "utf-8")))


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("utf-8", "replace").partition(":")
    return name.strip().lower(), value.strip()


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
