"""A hook object of the project, which writes down what is called."""

from __future__ import annotations

from kedro.framework.hooks import hook_impl

events: list[str] = []


class Watch:
    @hook_impl
    def after_context_created(self) -> None:
        events.append("after_context_created")

    @hook_impl
    def after_catalog_created(self) -> None:
        events.append("after_catalog_created")

    @hook_impl
    def before_pipeline_run(self) -> None:
        events.append("before_pipeline_run")
