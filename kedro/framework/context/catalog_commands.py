"""What ``kedro catalog`` asks of a project's catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.framework.context import catalog_mixins
from kedro.framework.project import pipelines as project_pipelines
from kedro.io import DataCatalog
from kedro.io.core import is_parameter

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


class CatalogCommandsMixin(catalog_mixins.CatalogCommandsMixin):
    """The commands of kedro 1.7.0, which here pass over entries that are broken."""

    def resolve_patterns(  # type: ignore[misc]
        self: DataCatalog, pipelines: list[Pipeline] | list[str] | None = None
    ) -> dict[str, Any]:
        """The configuration of all registered datasets and of those in use.

        One that cannot be resolved or built is left out with a warning.

        Args:
            pipelines: Pipelines, or their names, whose datasets are resolved; all
                where not given.

        Returns:
            Configuration by dataset name, with references in place of credentials.
        """
        names = dict.fromkeys(self.keys())
        for item in pipelines or project_pipelines.keys():
            pipeline = project_pipelines.get(item) if isinstance(item, str) else item
            names.update(dict.fromkeys(pipeline.datasets() if pipeline else ()))
        found = {}
        for name in names:
            if is_parameter(name):
                continue
            try:
                found[name] = _config_of(self, name)
            except Exception as exc:
                self._logger.warning("'%s' is left out: %s", name, exc)
        return found


def _config_of(catalog: DataCatalog, name: str) -> dict[str, Any]:
    resolver = catalog.config_resolver
    if name in catalog.keys():  # noqa: SIM118
        config = catalog[name]._init_config()
    else:
        config = resolver.resolve_pattern(name)
    return resolver._unresolve_credentials(name, config)[0]
