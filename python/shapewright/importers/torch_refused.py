"""What a refused operation decides about open sizes on its way says nothing of the model.

PyTorch fixes a size to write it into the message of an error. What stood before is put back.
"""

from __future__ import annotations

from typing import Any


class Settled:
    """The decisions of a `ShapeEnv` up to the last operation that went well."""

    def __init__(self) -> None:
        self._env: Any = None
        self._guards = -1
        self._replaced: dict[Any, Any] = {}
        self._ranges: dict[Any, Any] = {}

    def note(self, env: Any) -> None:
        """An operation went well: what has been decided holds."""
        if env is None or len(env.guards) == self._guards:
            return
        self._env, self._guards = env, len(env.guards)
        self._replaced = dict(env.replacements)
        self._ranges = dict(env.var_to_range)

    def put_back(self) -> None:
        """Takes back what was decided since."""
        env = self._env
        if env is None or len(env.guards) == self._guards:
            return
        del env.guards[self._guards :]
        for now, then in ((env.replacements, self._replaced), (env.var_to_range, self._ranges)):
            now.clear()
            now.update(then)
        env._replacements_version_counter += 1  # which what it has cached goes by
        env._update_version_counter()
