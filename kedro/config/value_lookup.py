"""What resolvers with a dotted name as their argument look up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf


class ValueLookup:
    """Nested values that are found by their dotted name.

    Args:
        values: The values, in which interpolations are resolved when they are found.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._config: DictConfig | None = None

    def find(self, name: str, default: Any) -> Any:
        """The value under a dotted name.

        Args:
            name: The name.
            default: What is returned if there is no such value.
        """
        if self._config is None:
            self._config = OmegaConf.create(dict(self._values))
        return OmegaConf.select(self._config, name, default=default)
