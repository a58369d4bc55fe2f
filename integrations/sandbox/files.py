"""Files: what the app uploaded, in the three steps that Slack asks for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integrations.sandbox.messages import File


@dataclass(slots=True)
class Upload:
    """A place where one announced file is expected."""

    file: File
    ticket: str
    received: bool = False


class Files:
    """Announced, received and finished files. Slack looks at each for a while (`processing`) before it can be used."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self.processing = timedelta(0)
        self._now = now
        self._files: dict[str, tuple[File, datetime]] = {}
        self._uploads: dict[str, Upload] = {}

    def announce(self, file: File) -> Upload:
        """Expect a file; its content is to be sent to the returned ticket's address."""
        upload = Upload(file, secrets.token_urlsafe(16))
        self._uploads[upload.ticket] = upload
        return upload

    def receive(self, ticket: str, content: bytes) -> bool:
        """Take the content of an announced file; False if nothing of that size is expected there."""
        upload = self._uploads.get(ticket)
        if upload is None or upload.received or len(content) != upload.file.size:
            return False
        upload.file = replace(upload.file, content=content)
        upload.received = True
        return True

    def received(self, file_id: str) -> File | None:
        """A file whose content is here and which is not finished yet."""
        waiting = (u.file for u in self._uploads.values() if u.received and u.file.id == file_id)
        return next(waiting, None)

    def finish(self, file: File) -> File:
        """Keep the file; it can be used once it was looked at."""
        self._uploads = {ticket: u for ticket, u in self._uploads.items() if u.file.id != file.id}
        self._files[file.id] = (file, self._now() + self.processing)
        return file

    def get(self, file_id: str) -> File | None:
        """A finished file by its id."""
        found = self._files.get(file_id)
        return replace(found[0], ready=self._now() >= found[1]) if found else None

    def is_ready(self, file_id: str) -> bool:
        """Whether a file can be used in blocks by now."""
        file = self.get(file_id)
        return file is not None and file.ready
