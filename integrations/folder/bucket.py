"""A bucket that speaks S3, through django-storages (the extra `s3`): Amazon's, R2, MinIO, Ceph and others.

A name is given once by the condition If-None-Match, which the bucket itself keeps:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import contextlib
import mimetypes
from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.folder.places import Putting
from integrations.words import _

_CLOSED = {
    "AccessDenied",
    "AllAccessDisabled",
    "AccountProblem",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "NoSuchBucket",
    "PermanentRedirect",
    "SignatureDoesNotMatch",
}
_LATER = {"SlowDown", "TooManyRequests", "ConditionalRequestConflict", "OperationAborted", "RequestTimeTooSkewed"}
# Shorter than any lease; a repeat of a conditional write is harmless, so the client may make one.
_CLIENT = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"})


class Bucket:
    """`address` is s3://bucket/prefix; `options` go to django-storages' S3Storage."""

    def __init__(self, address: str, options: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        self._prefix = parts.path.strip("/")
        self._storage = S3Storage(bucket_name=parts.netloc, client_config=_CLIENT, **options)
        self._bucket = parts.netloc
        self.shown = address.rstrip("/")

    def prepare(self) -> None:
        """A bucket is its owner's: none is made."""

    def read(self, path: str) -> bytes | None:
        """The object's bytes; None if there is none."""
        with self._looking():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
            except ClientError as error:
                if _code(error) in {"NoSuchKey", "404"}:
                    return None
                raise
            content: bytes = found["Body"].read()
            return content

    def names(self, folder: str) -> list[str]:
        """The paths of all objects below the folder."""
        with self._looking():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._key(folder).rstrip("/") + "/"
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        start = len(self._prefix) + 1 if self._prefix else 0
        return sorted(key[start:] for key in keys)

    @contextlib.contextmanager
    def staged(self, contents: list[bytes]) -> Iterator[list[Putting]]:
        """A bucket takes each object whole or not at all, and is never full: there is nothing to prepare."""
        yield [partial(self._put, content=content, condition={"IfNoneMatch": "*"}) for content in contents]

    def write(self, path: str, content: bytes) -> None:
        """Put the bytes there."""
        self._put(path, content=content, condition={})

    def remove(self, path: str) -> None:
        """Take the object away."""
        with self._looking():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(path))

    @property
    def _client(self):  # type: ignore[no-untyped-def]  # boto3 makes its clients at run time
        # Made anew for each thread by django-storages.
        return self._storage.connection.meta.client

    def _put(self, path: str, *, content: bytes, condition: dict[str, str]) -> bool:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        place = {"Bucket": self._bucket, "Key": self._key(path)}
        try:
            self._client.put_object(**place, Body=content, ContentType=kind, **condition)
        except ClientError as error:
            if _code(error) == "PreconditionFailed":
                return False
            raise self._refusal(error) from error
        except BotoCoreError as error:
            raise OutcomeUnknown(
                _("{shown} did not answer: {kind}.").format(shown=self.shown, kind=type(error).__name__)
            ) from error
        return True

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    @contextlib.contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            reason = _code(error) if isinstance(error, ClientError) else type(error).__name__
            raise OutcomeUnknown(
                _("{shown} cannot be read: {reason}.").format(shown=self.shown, reason=reason)
            ) from error

    def _refusal(self, error: ClientError) -> Exception:
        code = _code(error)
        if code in _CLOSED:
            return TargetClosed(
                _("{shown} takes nothing ({code}): look at its name, key and rights.").format(
                    shown=self.shown, code=code
                )
            )
        if code in _LATER:
            return DeliveryError(
                _("{shown} asks for a pause ({code}).").format(shown=self.shown, code=code), permanent=False
            )
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
            return OutcomeUnknown(_("{shown} failed with {code}.").format(shown=self.shown, code=code))
        return DeliveryError(_("{shown} refused it: {code}.").format(shown=self.shown, code=code), permanent=True)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
