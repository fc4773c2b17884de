"""Hook objects of which each run has its own."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from kedro.framework.hooks.markers import HOOK_NAMESPACE

_MARK = f"{HOOK_NAMESPACE}_impl"
# A run may be the one that first uses the session, but these are not its own.
_OF_A_SESSION = ("after_context_created", "after_catalog_created")

Hooks = TypeVar("Hooks", bound=type)


def per_run(hooks: Hooks) -> Hooks:
    """Give each run its own copy of a hook object.

    For classes whose objects remember something between the hooks of one run, such
    as when it began. Runs that overlap in threads or asyncio tasks, or are nested,
    then do not meet there (kedro-org/kedro#5656).

    The copy is made with ``copy.deepcopy`` when the first hook of a run is called,
    from the object that was registered, and is gone with the run. What copies are to
    share, and what cannot be copied, is for the class to say with ``__deepcopy__``.
    ``after_context_created`` and ``after_catalog_created``, and hooks that are called
    outside of a run, are called on the registered object.

    Args:
        hooks: The class.

    Returns:
        The same class.

    Raises:
        TypeError: If it is no class.

    Example:
        ```python
        from time import perf_counter

        from kedro.framework.hooks import hook_impl, per_run


        @per_run
        class Timer:
            @hook_impl
            def before_pipeline_run(self):
                self.start = perf_counter()

            @hook_impl
            def after_pipeline_run(self, run_params):
                print(run_params["run_id"], perf_counter() - self.start)
        ```
    """
    if not isinstance(hooks, type):
        raise TypeError(
            f"`per_run` goes before the class of a hook object, and not around the "
            f"object: it was given {hooks!r}."
        )
    for name in dir(hooks):
        function = inspect.getattr_static(hooks, name)
        if not inspect.isfunction(function) or not hasattr(function, _MARK):
            continue
        hook = getattr(function, _MARK)["specname"] or name
        if hook not in _OF_A_SESSION:
            setattr(hooks, name, _for_own_copy(function))
    return hooks


def _for_own_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(registered: Any, *args: Any, **kwargs: Any) -> Any:
        return function(_own_copy(registered), *args, **kwargs)

    @wraps(function)
    def call_around(registered: Any, *args: Any, **kwargs: Any) -> Any:
        return (yield from function(_own_copy(registered), *args, **kwargs))

    # Pluggy takes only what looks like a generator for a wrapper.
    return call_around if inspect.isgeneratorfunction(function) else call


def _own_copy(registered: Any) -> Any:
    """The copy that belongs to the current run."""
    # The runner calls hooks, and is not there yet when hooks are imported.
    from kedro.runner.run_context import current_run

    run = current_run()
    if run is None or run.owns(registered):
        return registered
    return run.own(registered, copy.deepcopy)
