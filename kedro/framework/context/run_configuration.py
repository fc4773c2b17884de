"""A project's configuration as one run sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from kedro.config import OmegaConfigLoader
from kedro.config.config_entries import ConfigEntries
from kedro.config.plain_values import literal, owned
from kedro.framework.context.parameters import ParametersView

if TYPE_CHECKING:
    from kedro.framework.context.context import KedroContext


# What a loader is told where runtime parameters come from anybody.
_SERVED = "restrict_runtime_params_type_selection"


class RunConfiguration:
    """A project's configuration with a run's runtime parameters.

    Each part is made when it is needed: to overlay a plain parameter takes neither a
    loader nor a context of the run's own.

    Args:
        context: The session's context.
        runtime_params: All runtime parameters of the run.
        pipelines_to_validate: Pipelines whose nodes say of which type a parameter
            has to be; all where ``None``.
    """

    def __init__(
        self,
        context: KedroContext,
        runtime_params: Mapping[str, Any],
        pipelines_to_validate: list[str] | None,
    ) -> None:
        self._session_context = context
        # Hooks and nodes get the original to see, and may change it.
        self._runtime_params = owned(runtime_params)
        if getattr(context.config_loader, _SERVED, False):
            # Callers are to choose values, and not what of the configuration to read.
            self._runtime_params = literal(self._runtime_params)
        self._pipelines_to_validate = pipelines_to_validate
        self._context: KedroContext | None = None

    @property
    def context(self) -> KedroContext:
        """The session's context as the run sees it."""
        if self._context is None:
            self._context = self._session_context.with_runtime_params(
                self._runtime_params, self._pipelines_to_validate
            )
        return self._context

    def entries(self) -> ConfigEntries:
        """Catalog entries and patterns by name."""
        return self.context.catalog_entries()

    def credentials(self) -> Mapping[str, Any]:
        """Credentials by name."""
        return self.context.run_credentials()

    def parameters(self) -> Mapping[str, Any]:
        """Parameters by dataset name."""
        entries = self._session_context.overlayable_parameters(
            self._pipelines_to_validate
        )
        if entries is None:
            return self.context.run_parameters()
        return ParametersView(
            entries.with_runtime_params(self._runtime_params, self._loader)
        )

    def _loader(self) -> OmegaConfigLoader:
        return cast(OmegaConfigLoader, self.context.config_loader)
