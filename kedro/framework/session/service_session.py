"""``KedroServiceSession``: the name under which 1.7.0 knew sessions of many runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .pipeline_registry import DEFAULT_PIPELINE
from .run_request import RunRequest, checked_params, merged_params
from .session import KedroSession

if TYPE_CHECKING:
    from pluggy import PluginManager

    from kedro.config import AbstractConfigLoader
    from kedro.framework.context import KedroContext
    from kedro.runner import AbstractRunner

    from .run_result import RunResult


class KedroServiceSession(KedroSession):
    """A ``KedroSession`` with the signatures of kedro 1.7.0's service session.

    Example:
        ```python
        from kedro.framework.session import KedroServiceSession

        with KedroServiceSession.create(serving_mode=True) as session:
            session.run(runtime_params={"customer_id": 7})
        ```
    """

    def __init__(
        self,
        session_id: str,
        package_name: str | None = None,
        project_path: Path | str | None = None,
        conf_source: Path | str | None = None,
        env: str | None = None,
        *,
        save_on_close: bool = False,
        hook_manager: PluginManager | None = None,
    ) -> None:
        super().__init__(
            session_id,
            package_name,
            project_path,
            save_on_close,
            conf_source,
            hook_manager=hook_manager,
        )
        self._serving_mode = False
        if env:
            self._store["env"] = env

    @classmethod
    def create(  # type: ignore[override]
        cls,
        session_id: str | None = None,
        project_path: Path | str | None = None,
        env: str | None = None,
        conf_source: Path | str | None = None,
        serving_mode: bool = False,
        *,
        runtime_params: dict[str, Any] | None = None,
        save_on_close: bool = False,
        hook_manager: PluginManager | None = None,
    ) -> KedroServiceSession:
        """Open a project.

        Args:
            session_id: Identifier of the session; a UUID where not given.
            project_path: The project's root folder.
            env: Run environment.
            conf_source: Folder, archive or URL of the configuration.
            serving_mode: Load all pipelines now, and let no runtime parameter choose
                the class of a dataset, whatever the project's settings say
                (kedro-org/kedro#5706).
            runtime_params: Parameters for all runs.
            save_on_close: Whether the session's store is saved when it is closed.
            hook_manager: Calls hooks in place of those of the project and its
                plugins.

        Returns:
            The session.
        """
        session: KedroServiceSession = super().create(  # type: ignore[assignment]
            project_path=project_path,
            save_on_close=save_on_close,
            env=env,
            runtime_params=runtime_params,
            conf_source=conf_source,  # type: ignore[arg-type]
            session_id=session_id or str(uuid.uuid4()),
            hook_manager=hook_manager,
        )
        if serving_mode:
            session._enable_serving_mode()
        return session

    def load_context(
        self, runtime_params: dict[str, Any] | None = None
    ) -> KedroContext:
        """The project's context, or one with other runtime parameters.

        Args:
            runtime_params: Laid over the session's own for the returned context.
        """
        context = super().load_context()
        if not runtime_params:
            return context
        return context.with_runtime_params(
            merged_params(self.runtime_params, checked_params(runtime_params))
        )

    def run(
        self,
        run_id: str | None = None,
        pipeline_names: list[str] | None = None,
        tags: Iterable[str] | None = None,
        runner: AbstractRunner | None = None,
        node_names: Iterable[str] | None = None,
        from_nodes: Iterable[str] | None = None,
        to_nodes: Iterable[str] | None = None,
        from_inputs: Iterable[str] | None = None,
        to_outputs: Iterable[str] | None = None,
        load_versions: dict[str, str] | None = None,
        namespaces: Iterable[str] | None = None,
        only_missing_outputs: bool = False,
        runtime_params: dict[str, Any] | None = None,
        *,
        runtime_data: dict[str, Any] | None = None,
    ) -> RunResult:
        """Run pipelines, as ``KedroSession.run`` does; see there.

        The order of the arguments is that of kedro 1.7.0's service session.
        """
        return self._run(
            RunRequest(
                pipeline_names=pipeline_names or [DEFAULT_PIPELINE],
                tags=tags,
                runner=runner,
                node_names=node_names,
                from_nodes=from_nodes,
                to_nodes=to_nodes,
                from_inputs=from_inputs,
                to_outputs=to_outputs,
                load_versions=load_versions,
                namespaces=namespaces,
                only_missing_outputs=only_missing_outputs,
                runtime_params=runtime_params,
                runtime_data=runtime_data,
                run_id=run_id or None,
            )
        )

    def _enable_serving_mode(self) -> None:
        self._logger.info(
            "Serving mode: loading all pipelines for session %s", self.session_id
        )
        self._state.pipelines.all()
        # Last, so that a failure to load leaves the session as it was.
        self._serving_mode = True

    def _make_config_loader(
        self, runtime_params: dict[str, Any] | None
    ) -> AbstractConfigLoader:
        if self._serving_mode:
            self._config_loader_args["restrict_runtime_params_type_selection"] = True
        return super()._make_config_loader(runtime_params)

    def _get_config_loader(
        self, runtime_params: dict[str, Any] | None = None
    ) -> AbstractConfigLoader:
        return self._make_config_loader(runtime_params or self.runtime_params)
