"""FastStream: the application's hooks own, subscribers borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.frameworks._base import Start
from httpx_fixer.frameworks._objects import ObjectFramework
from httpx_fixer.patterns import compile_later


class FastStream(ObjectFramework):
    """A FastStream application consumes on one loop, between `on_startup` and `after_shutdown`.

    Several functions may be registered for each, so nothing that is there is touched. A broker that
    an application of another framework starts is owned by that one. Read and run in 0.7.8.
    https://faststream.ag2.ai/latest/getting-started/lifespan/hooks/
    """

    name: ClassVar[str] = "faststream"
    modules: ClassVar[frozenset[str]] = frozenset({"faststream"})
    words: ClassVar[tuple[str, ...]] = ("FastStream", "AsgiFastStream")
    made: ClassVar[re.Pattern[str]] = compile_later(r"faststream\.(?:[\w.]+\.)?(?:Asgi)?FastStream$")
    start: ClassVar[Start] = Start.HOOKS
    code: ClassVar[str] = "{target}.on_startup({open})\n{target}.after_shutdown({close})\n"
