"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path | str, content: str | bytes) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    Parameters
    ----------
    path : Path or str
        Where to; missing folders are made, links are followed. A pipe or device is written to directly.
    content : str or bytes
        The content; text is written as UTF-8 with the line ends it has.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OSError
        If the folder cannot be written; nothing of the file is left behind then.
    """
    target = Path(path).resolve()
    data = content.encode("utf-8") if isinstance(content, str) else content
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a rename across file systems is no rename; the mode honours the umask.
    temporary = target.parent / f".camber-{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Path(path)
