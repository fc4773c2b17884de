"""Which hooks of nodes and datasets somebody implements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluggy import PluginManager

_ATTRIBUTE = "_heard_by_runners"


@dataclass(frozen=True)
class HeardHooks:
    """Callers of the hooks around nodes and datasets.

    Attributes:
        plugins: Names and plugins that were registered when the hooks were looked at.
        before_dataset_loaded: The hook's caller, or ``None`` if nobody implements it;
            likewise the others.
    """

    plugins: list[tuple[str, Any]]
    before_dataset_loaded: Any
    after_dataset_loaded: Any
    before_node_run: Any
    after_node_run: Any
    before_dataset_saved: Any
    after_dataset_saved: Any


def heard_hooks(manager: PluginManager) -> HeardHooks:
    """The hooks that are worth calling; looked for anew when plugins come or go.

    Args:
        manager: The hook manager.
    """
    heard: HeardHooks | None = manager.__dict__.get(_ATTRIBUTE)
    plugins = manager.list_name_plugin()
    if heard is None or heard.plugins != plugins:
        callers = (
            getattr(manager.hook, name)
            for name in HeardHooks.__dataclass_fields__
            if name != "plugins"
        )
        heard = HeardHooks(
            plugins, *(caller if caller.get_hookimpls() else None for caller in callers)
        )
        manager.__dict__[_ATTRIBUTE] = heard
    return heard
