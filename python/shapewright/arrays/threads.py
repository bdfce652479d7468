"""How many threads the array calls take, under the control of threadpoolctl if that is wanted."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from shapewright import _core


@cache
def register_threadpoolctl() -> None:
    """Puts our threads under `threadpoolctl.threadpool_limits`, as `user_api="shapewright"`.

    Imports threadpoolctl, which is not a dependency. A second call does nothing.
    """
    threadpoolctl: Any = import_module("threadpoolctl")

    class Controller(threadpoolctl.LibController):  # type: ignore[misc]
        user_api = internal_api = "shapewright"
        filename_prefixes = ("_core",)

        def get_num_threads(self) -> int:
            return _core.default_threads()

        def set_num_threads(self, num_threads: int) -> None:
            _core.set_default_threads(num_threads)

        def get_version(self) -> str:
            # Asked for when a library of a matching name is found; OSError: it is not ours.
            if not Path(_core.__file__).samefile(self.filepath):
                raise OSError(self.filepath)
            return _core.__version__

    threadpoolctl.register(Controller)
