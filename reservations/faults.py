"""What may be logged of an error: its kind and where it happened, never its text, which can quote a guest's data."""

from __future__ import annotations

import traceback
from pathlib import Path

_FRAMES = 3


def fault(error: BaseException) -> str:
    """Return an error's kind, that of its cause, and the innermost lines of code that it came through."""
    kinds = [type(error).__name__]
    cause = error.__cause__ or error.__context__
    if cause is not None:
        kinds.append(type(cause).__name__)
    state = getattr(cause or error, "sqlstate", None)
    if state:
        kinds.append(str(state))
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    return f"{' from '.join(kinds)} at {' > '.join(places)}"
