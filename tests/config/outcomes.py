"""What a loader answers, in a form in which two versions of Kedro can be compared.

Tests call ``outcomes`` on this tree. As a program, the module serves it as lines of
JSON from whichever kedro is on its path, which is how the release is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from omegaconf import OmegaConf

import kedro
from kedro.config import OmegaConfigLoader, omegaconf_config

Request = dict[str, Any]
Outcome = list[Any]


def table(name: Any, size: Any) -> dict[str, Any]:
    return {"name": name, "rows": [size, {"last": None}]}


def key_of(*, _node_: Any) -> str:
    return str(_node_._key())


def sibling(name: str, _parent_: Any) -> Any:
    return _parent_[name]


def fail(reason: str) -> None:
    raise ValueError(reason)


CUSTOM_RESOLVERS: dict[str, Callable[..., Any]] = {
    "add": lambda *numbers: sum(numbers),
    "same": lambda value: value,
    "table": table,
    "pair": lambda first, second: (first, second),
    "day": date.fromisoformat,
    "key_of": key_of,
    "sibling": sibling,
    "fail": fail,
    "most": max,
}


def encode(value: Any) -> Any:
    """Show values with their types: 1, 1.0 and True are not the same."""
    if type(value) is dict:
        pairs = [[encode(key), encode(inner)] for key, inner in value.items()]
        return ["dict", sorted(pairs, key=repr)]
    if type(value) in (list, tuple):
        return [type(value).__name__, [encode(inner) for inner in value]]
    return [type(value).__name__, repr(value)]


def outcome(ask: Callable[[], Any]) -> Outcome:
    """What ``ask`` returns, or the error that it raises."""
    try:
        return ["value", encode(ask())]
    except Exception as error:
        return ["error", type(error).__name__, str(error)]


def make_loader(request: Request, **changed: Any) -> OmegaConfigLoader:
    arguments = {"base_env": "base", "default_run_env": "local", **request["arguments"]}
    names = request.get("resolvers", list(CUSTOM_RESOLVERS))
    resolvers = {name: CUSTOM_RESOLVERS[name] for name in names}
    if request.get("reads_environment"):
        from omegaconf.resolvers import oc

        resolvers["oc.env"] = oc.env
    return OmegaConfigLoader(custom_resolvers=resolvers, **{**arguments, **changed})


def outcomes(request: Request) -> list[dict[str, Outcome]]:
    """Ask a new loader for each set of runtime parameters for each key."""
    found = []
    with environment(request.get("environment", {})):
        for runtime_params in request["runtime_params"]:
            OmegaConf.clear_resolvers()
            found.append(ask_for_keys(request, runtime_params))
    return found


def ask_for_keys(request: Request, runtime_params: Any) -> dict[str, Outcome]:
    try:
        loader = make_loader(request, runtime_params=runtime_params)
    except Exception as error:
        made = ["error", type(error).__name__, str(error)]
        return dict.fromkeys(request["keys"], made)
    return {key: outcome(lambda key=key: loader[key]) for key in request["keys"]}  # type: ignore[misc]


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


class SortedSet(set[Any]):
    """A set that is gone through in one order."""

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__()))


def serve() -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr
    import omegaconf

    # The release reads files in the order of a set: any is right, and this is ours.
    omegaconf_config.set = SortedSet  # type: ignore[attr-defined]

    hello = {"kedro": kedro.__version__, "omegaconf": omegaconf.__version__}
    print(json.dumps(hello), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(outcomes(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    serve()
