"""Files that a browser sends: held in memory up to what is taken; of more, the sizes alone.

So a page that is sent with too much can be shown again, with what was typed and what is too large.
"""

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from integrations import attachments


class Basket(FileUploadHandler):
    """Nothing of it touches the disk. A file's `size` is the true one, whether its bytes were kept or not."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._held = 0
        self._parts: list[bytes] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with another file."""
        super().new_file(*args, **kwargs)
        self._parts = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep the piece while everything so far could be taken."""
        self._held += len(raw_data)
        if self._held <= attachments.MAX_TOTAL_BYTES:
            self._parts.append(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, for request.FILES."""
        content = io.BytesIO(b"".join(self._parts))
        return InMemoryUploadedFile(
            content, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )
