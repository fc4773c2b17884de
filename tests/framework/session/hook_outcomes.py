"""What comes of a run in which a hook fails, for two versions of Kedro to be compared.

As a program, the module makes each run in a session of its own, with whichever kedro is
on its path, which is how the release is asked.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import SequentialRunner, ThreadRunner

PER_SESSION = ("after_context_created", "after_catalog_created")
OF_A_RUN = (
    "before_pipeline_run",
    "before_dataset_loaded",
    "after_dataset_loaded",
    "before_node_run",
    "after_node_run",
    "before_dataset_saved",
    "after_dataset_saved",
    "after_pipeline_run",
)
OF_AN_ERROR = ("on_node_error", "on_pipeline_error")
RUNNERS: dict[str, Callable[[], Any]] = {
    "sequential": SequentialRunner,
    "async": lambda: SequentialRunner(is_async=True),
    "thread": ThreadRunner,
}
# Which hook fails, in which pipeline, with which runner.
CASES = [
    *(
        (hook, "double", runner)
        for hook in (*PER_SESSION, *OF_A_RUN)
        for runner in RUNNERS
    ),
    *(
        (hook, "fail", runner)
        for hook in ("", *OF_AN_ERROR, "on_node_error on_pipeline_error")
        for runner in RUNNERS
    ),
]
FILES = {
    "conf/base/catalog.yml": "{}",
    "conf/base/parameters.yml": "number: 21",
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        def tell(who):
            from kedro.framework.session import current_run

            return [who, current_run().run_id]

        def double(number):
            return number * 2

        def fail(number):
            raise ValueError(f"no {number}")

        def register_pipelines():
            return {
                "double": pipeline([node(double, "params:number", "result")]),
                "fail": pipeline([node(fail, "params:number", "result")]),
                "tell": pipeline([node(tell, "who", "told")]),
            }
        """,
    "{package}/hooks.py": f"""
        from kedro.framework.hooks import hook_impl

        HOOKS = {(*PER_SESSION, *OF_A_RUN, *OF_AN_ERROR)}

        class Fail:
            "Writes down what is called, and raises where it is told to."

            def __init__(self):
                self.called = []
                self.failing = ()
                self.failing_run = None
                self.error = OSError

            def fails_now(self):
                if self.failing_run is None:
                    return True
                from kedro.framework.session import current_run

                return current_run().run_id == self.failing_run

        def hook(name):
            def call(self):
                self.called.append(name)
                if name in self.failing and self.fails_now():
                    raise self.error(f"failed in {{name}}")
            call.__name__ = name
            return hook_impl(call)

        for name in HOOKS:
            setattr(Fail, name, hook(name))

        hooks = Fail()
        """,
    "{package}/settings.py": """
        from {package}.hooks import hooks

        HOOKS = (hooks,)
        """,
}


def hooks_of(session: Any) -> Any:
    return importlib.import_module(f"{session._package_name}.hooks").hooks


def outcome(session: Any, hook: str, pipeline: str, runner: str) -> dict[str, Any]:
    """What the caller of ``run`` gets, and which hooks of the run were called."""
    hooks = hooks_of(session)
    hooks.called.clear()
    hooks.failing = hook.split()
    try:
        outputs = session.run(pipeline_names=[pipeline], runner=RUNNERS[runner]())
        got = ["value", outputs["result"].load()]
    except Exception as error:
        got = ["error", *chain(error)]
    return {
        "got": got,
        "called": [name for name in hooks.called if is_told(name, hook)],
    }


def is_told(name: str, hook: str) -> bool:
    # In the fork, a session that has run does not call them again.
    return name not in PER_SESSION or hook in PER_SESSION


def chain(error: BaseException | None) -> list[str]:
    """An error and those that it was raised in the place of."""
    if error is None:
        return []
    return [repr(error), *chain(error.__cause__ or error.__context__)]


def main(project: Path) -> None:
    bootstrap_project(project)
    found = []
    for case in CASES:
        with KedroSession.create(project) as session:
            found.append(outcome(session, *case))
    (project / "outcomes.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
