"""Hooks: where projects and plugins take part in what Kedro does."""

from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.hooks.markers import hook_impl
from kedro.framework.hooks.per_run import per_run

__all__ = ["_create_hook_manager", "hook_impl", "per_run"]
