"""What nodes do, in a form in which two versions of Kedro can be compared.

As a program, the module writes the outcome of each of its cases as JSON, with whichever
kedro is on its path, which is how the release is asked.
"""

from __future__ import annotations

import copy
import inspect
import json
import logging
import pickle
import re
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property, partial, update_wrapper, wraps
from pathlib import Path
from typing import Any

from kedro.pipeline import LLMContextNode, Pipeline, node, pipeline
from kedro.pipeline import node as node_function
from kedro.pipeline.node import (
    GroupedNodes,
    Node,
    _dict_inputs_to_list,
    _get_readable_func_name,
    _node_dataset_name_validation,
    _node_error_message,
    _to_list,
)
from kedro.pipeline.preview_contract import MermaidPreview, TextPreview

CASES: dict[str, Callable[[], Any]] = {}
LEVELS = (logging.INFO, logging.WARNING)
FLAGS = ("__dotted_dataset_name_warned__", "__preview_fn_warned__")
_log = logging.getLogger("kedro.pipeline.node")


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    CASES[function.__name__] = function
    return function


def shown(result: Any) -> str:
    """A representation that has what is in iterators."""
    if isinstance(result, dict):
        pairs = (f"{key!r}: {shown(value)}" for key, value in result.items())
        return f"{type(result).__name__}({', '.join(pairs)})"
    if isinstance(result, Iterator):
        return f"iterator of {list(result)}"
    return repr(result)


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call returns or raises, warns of and writes to the log."""
    noticed: list[Any] = []
    handler = logging.Handler()
    handler.emit = lambda record: noticed.append(
        [
            record.levelname,
            f"{record.module}.{record.funcName}",
            record.msg,
            repr(record.args),
            record.markup,  # type: ignore[attr-defined]
        ]
    )
    _log.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                result = shown(function(*args, **kwargs))
            except Exception as exc:
                cause = type(exc.__cause__).__name__
                message = re.sub("0x[0-9a-f]+", "0x", str(exc))
                result = f"{type(exc).__name__} from {cause}: {message}"
    finally:
        _log.removeHandler(handler)
    return [
        result,
        *noticed,
        *(
            [item.category.__name__, str(item.message), Path(item.filename).name]
            for item in warned
        ),
    ]


def forget_warnings() -> None:
    for flag in FLAGS:
        with suppress(AttributeError):
            delattr(Node, flag)


def nothing() -> str:
    return "made"


def one(first: Any) -> Any:
    return first


def two(first: Any, second: Any) -> Any:
    return [first, second]


def keywords(first: Any, second: Any = 2, *rest: Any, third: Any, **more: Any) -> Any:
    return [first, second, *rest, third, more]


def chunks(first: Any) -> Iterator[Any]:
    yield from first


def fail(first: Any) -> Any:
    raise first


class Called:
    def __call__(self, first: Any) -> Any:
        return first

    def __repr__(self) -> str:
        return "Called()"


class LikePartial(Called):
    def __repr__(self) -> str:
        return "like functools.partial(one)"


class Sub(partial):  # type: ignore[type-arg]
    def __repr__(self) -> str:
        return "Sub()"


class Text(str):
    pass


NAMED_PARTIAL = update_wrapper(partial(two, 1), two)
FUNCTIONS: list[Any] = [
    one,
    nothing,
    two,
    keywords,
    chunks,
    len,
    max,
    str,
    dict,
    Called(),
    Called,
    LikePartial(),
    lambda first: first,
    partial(one),
    partial(two, second=3),
    partial(Called()),
    partial(partial(one)),
    Sub(one),
    NAMED_PARTIAL,
    wraps(two)(lambda first: first),
    "text".format,
    None,
    "one",
]
INPUTS: list[Any] = [
    None,
    "",
    [],
    {},
    (),
    "a",
    ["a"],
    ["a", "b"],
    ["a", "a"],
    {"first": "a"},
    {"second": "b", "first": "a"},
    {"first": "a", "second": "a"},
    {"third": "c", "x": "d", "first": "a"},
    {"args": "a"},
    {1: "a"},
    ("a",),
    {"a"},
    0,
    5,
    ["a", 1],
    {"first": None},
    "a@pandas",
    "a@b@c",
    Text("a"),
    "params:x.y",
    "parameters",
]
OUTPUTS: list[Any] = [
    None,
    "",
    [],
    {},
    "out",
    "a",
    "a@spark",
    ["out"],
    ["out", "more"],
    ["out", "out"],
    ["a", "out"],
    {"key": "out"},
    {"key": "out", "other": "more"},
    {"key": "out", "other": "out"},
    ("out",),
    0,
    [b"out"],
    {"key": 1},
]


def described(made: Node) -> list[Any]:
    names = ("name", "short_name", "inputs", "outputs", "confirms", "namespace")
    attributes = [
        outcome(getattr, made, name) for name in (*names, "namespace_prefixes")
    ]
    return [
        outcome(str, made),
        outcome(repr, made),
        *attributes,
        outcome(lambda: made._unique_key),
        sorted(made.tags),
        list(vars(made)),
    ]


def define(*args: Any, **kwargs: Any) -> list[Any]:
    made: list[Node] = []

    def make() -> str:
        made.append(Node(*args, **kwargs))
        return "made"

    return [outcome(make), *map(described, made)]


@case
def definitions_by_function() -> Any:
    return [
        define(function, inputs, "out")
        for function in FUNCTIONS
        for inputs in INPUTS
        if not isinstance(inputs, (set, tuple)) or function is one
    ]


@case
def definitions_by_outputs() -> Any:
    return [
        define(one, inputs, outputs, name="label")
        for inputs in ("a", ["a"], {"first": "a"})
        for outputs in OUTPUTS
    ] + [define(nothing, None, outputs) for outputs in OUTPUTS]


@case
def definitions_by_label() -> Any:
    labels = ["x", "a.b-c_1", "", "with space", "comma,", "é", "line\n", None, 5]
    return [
        [define(one, "a", "out", name=label) for label in labels],
        [define(one, "a", "out", tags=label) for label in labels],
        [define(one, "a", "out", tags=[label]) for label in labels],
        [define(one, "a", "out", confirms=label) for label in labels],
        define(one, "a", "out", tags={"t": "u"}, confirms={"t": "u"}),
        define(one, "a", "out", tags=iter(["t"]), confirms=["out", "out"]),
    ]


@case
def namespaces_and_dots() -> Any:
    found = []
    for names in ("a", "x.a", "x.y.a", "xy.a", ".a", "params:x.a", "a@x.y"):
        for namespace in (None, "", "x", "x.y", "y", ".x"):
            for label in (None, "label"):
                for make in (Node, node_function, Made, LLMContextNode):
                    forget_warnings()
                    found.append(
                        [
                            outcome(make_named, make, names, namespace, label),
                            [hasattr(Node, flag) for flag in FLAGS],
                        ]
                    )
    return found


def make_named(make: Any, names: str, namespace: str | None, label: str | None) -> Any:
    if make is LLMContextNode:
        return make(outputs=names, llm="llm", prompts=[], namespace=namespace)
    made = make(one, names, f"{names}_out", namespace=namespace, name=label)
    return described(made)


class Made(Node):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


@case
def dots_are_warned_of_where_the_helper_was_called_from() -> Any:
    forget_warnings()

    def inner() -> None:
        _node_dataset_name_validation("x.y", None)

    return [outcome(inner), outcome(inner), forget_warnings()]


DATA: list[Any] = [
    None,
    {},
    {"a": 1},
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    {"b": 2},
    {"a": 1, "c": 3},
    {"a": 1, "b": 2, "c": 3},
    {"a": 1, 5: 2},
    OrderedDict(b=2, a=1),
    defaultdict(int, a=1),
    defaultdict(int),
    [("a", 1)],
    "a",
]


@case
def runs_by_inputs() -> Any:
    nodes = [
        Node(nothing, None, "out"),
        Node(nothing, [], "out"),
        Node(one, "a", "out", name="label"),
        Node(one, Text("a"), "out"),
        Node(one, ["a"], "out"),
        Node(two, ["a", "b"], "out"),
        Node(two, ["b", "a"], "out"),
        Node(two, ["a", "a"], "out"),
        Node(one, {"first": "a"}, "out"),
        Node(two, {"first": "a", "second": "b"}, "out"),
        Node(two, {"second": "a", "first": "b"}, "out"),
        Node(two, {"second": "a", "first": "a"}, "out"),
        Node(keywords, {"x": "a", "third": "b", "first": "b"}, "out"),
        Node(partial(two, second=3), "a", "out"),
        Node(NAMED_PARTIAL, "a", "out", name="label", namespace="inner"),
        Node(Called(), "a", "out", name="label"),
    ]
    return [at_levels(each.run, data) for each in nodes for data in DATA]


def at_levels(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
    found = []
    for level in LEVELS:
        _log.setLevel(level)
        found.append(outcome(function, *args, **kwargs))
    _log.setLevel(logging.NOTSET)
    return found


class LazyData(dict[str, Any]):
    """Looks its values up in another way than it lists them."""

    def __getitem__(self, name: str) -> str:
        return f"loaded {name}"


@case
def runs_with_dictionaries_of_another_kind() -> Any:
    data = LazyData(a=1, b=2)
    return [
        outcome(Node(one, "a", "out").run, LazyData(a=1)),
        outcome(Node(two, ["a", "b"], "out").run, data),
        outcome(Node(two, ["b", "a"], "out").run, data),
        outcome(Node(two, {"second": "a", "first": "b"}, "out").run, data),
        outcome(Node(two, ["a", "b"], "out"), a=1, b=2),
        outcome(Node(two, ["a", "b"], "out"), a=1),
        outcome(Node(two, ["a", "b"], "out"), 1),
    ]


RESULTS: list[Any] = [
    None,
    1,
    "text",
    (),
    [],
    [1],
    (1,),
    [1, 2],
    (1, 2),
    [1, 2, 3],
    {},
    {"key": 1},
    {"key": 1, "other": 2},
    {"other": 2, "key": 1},
    OrderedDict(other=2, key=1),
    {"else": 1},
    {1, 2},
    range(2),
    iter([1, 2]),
    ValueError("broken"),
]
CHUNKS: list[list[Any]] = [
    [],
    [1],
    [[]],
    [[1]],
    [[1], [2]],
    [[1, 2], (3, 4)],
    [[1, 2, 3], [4, 5, 6]],
    [[1, 2], [3]],
    [[1, 2], 3],
    [{"key": 1}],
    [{"key": 1}, {"key": 2}],
    [{"key": 1, "other": 2}, {"other": 4, "key": 3, "more": 5}],
    [{"key": 1, "other": 2}, {"key": 3}],
    [{"else": 1}],
    [None, None],
]


@case
def runs_by_outputs() -> Any:
    found = []
    for outputs in (*OUTPUTS[:5], *OUTPUTS[7:9], *OUTPUTS[11:13]):
        for label in (None, "label"):
            given = Node(one, "a", outputs, name=label)
            found += [at_levels(given.run, {"a": result}) for result in RESULTS]
            raising = Node(fail, "a", outputs, name=label)
            errors = (ValueError("broken"), KeyError("k"), StopIteration())
            found += [at_levels(raising.run, {"a": error}) for error in errors]
            streaming = Node(chunks, "a", outputs, name=label)
            found += [at_levels(streaming.run, {"a": parts}) for parts in CHUNKS]
    return found


@case
def results_that_are_ignored_by_unnamed_functions() -> Any:
    return [
        at_levels(Node(function, "a", None, name=label).run, {"a": 1})
        for function in (one, partial(one), Called())
        for label in (None, "label")
    ]


@case
def interruptions_are_not_logged() -> Any:
    def run(error: BaseException) -> str:
        try:
            Node(fail, "a", "out").run({"a": error})
        except BaseException as raised:
            return f"{raised is error} {raised!r}"
        return "nothing"

    return [
        outcome(run, error)
        for error in (KeyboardInterrupt(), SystemExit(1), ValueError("x"))
    ]


TOLD: list[str] = []


def telling(name: str, member: Any) -> Any:
    """The member of a class, that says that it was asked for and calls the other."""

    def tell() -> None:
        TOLD.append(name)

    if isinstance(member, staticmethod):

        def static(*args: Any, **kwargs: Any) -> Any:
            tell()
            return member.__func__(*args, **kwargs)

        return staticmethod(static)
    if isinstance(member, (property, cached_property)):
        get = member.fget if isinstance(member, property) else member.func

        def read(self: Any) -> Any:
            tell()
            return get(self)  # type: ignore[misc]

        return property(read, getattr(member, "fset", None))

    @wraps(member)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        tell()
        return member(self, *args, **kwargs)

    return call


# What a subclass of the release's node has a say in.
STEPS = [
    "_copy",
    "__eq__",
    "__lt__",
    "__hash__",
    "__str__",
    "__repr__",
    "__call__",
    "_func_name",
    "func",
    "tags",
    "tag",
    "name",
    "_set_unique_name",
    "short_name",
    "namespace",
    "_enumerate_namespaces",
    "namespace_prefixes",
    "inputs",
    "outputs",
    "confirms",
    "preview",
    "run",
    "_run_with_no_inputs",
    "_run_with_one_input",
    "_run_with_list",
    "_run_with_dict",
    "_outputs_to_dictionary",
    "_validate_inputs",
    "_validate_unique_outputs",
    "_validate_inputs_dif_than_outputs",
    "_process_inputs_for_bind",
    "_unique_key",
]
Told = type("Told", (Node,), {name: telling(name, vars(Node)[name]) for name in STEPS})


def told(function: Callable[[], Any]) -> list[Any]:
    TOLD.clear()
    return [outcome(function), list(TOLD)]


@case
def a_subclass_is_asked_at_each_step() -> Any:
    _log.setLevel(logging.INFO)
    found = []
    for inputs, label, space in (
        (None, None, None),
        ("a", None, "inner.most"),
        (["a", "b"], "label", None),
        ({"first": "a", "second": "b"}, "label", "inner"),
        ({"first": "a", "second": "b"}, None, None),
    ):
        names = [*(inputs.values() if isinstance(inputs, dict) else inputs or "")]
        function = {0: nothing, 1: one, 2: two}[len(names)]
        made: list[Any] = []

        def make(
            arguments: Any = (function, inputs, "out"),
            more: Any = {"name": label, "namespace": space},  # noqa: B006
            made: Any = made,
        ) -> None:
            made.append(Told(*arguments, **more))

        found.append(told(make))
        [it] = made
        data = dict.fromkeys(names, 1)
        found += [
            told(lambda it=it, data=data: it.run(data)),
            told(lambda it=it, data=data: it(**data)),
            told(lambda it=it, data=data: it.run({**data, "surplus": 1})),
            told(lambda it=it: it.run([])),
            told(lambda it=it: str(it)),
            told(lambda it=it: repr(it)),
            told(lambda it=it: it.name),
            told(lambda it=it: it.short_name),
            told(lambda it=it: it == Node(one, "x", "y")),
            told(lambda it=it: it < Node(one, "x", "y")),
            told(lambda it=it: {it}),
            told(lambda it=it: it.tag("tag")),
            told(lambda it=it: it._copy(name="other")),
            told(lambda it=it: it.preview()),
            told(lambda it=it: it.namespace_prefixes),
            told(lambda it=it: type(Pipeline([it]).nodes[0])),
        ]
    found.append(told(lambda: Told(two, ["a"], "out")))
    found.append(told(lambda: Told(one, "a", ["out", "out"])))
    found.append(told(lambda: Told(one, "a", "a@x")))
    _log.setLevel(logging.NOTSET)
    return found


@case
def comparisons() -> Any:
    nodes = [
        Node(one, "a", "out"),
        Node(one, "a", "out"),
        Node(one, ["a"], "out"),
        Node(one, {"first": "a"}, "out"),
        Node(two, {"first": "a", "second": "b"}, "out", name="label"),
        Node(two, {"second": "b", "first": "a"}, "out", name="label"),
        Node(two, ["a", "b"], "out", name="label"),
        Node(two, ["a", "b"], "out", name="label", namespace="inner"),
        Node(one, "a", None, name="label"),
        Node(one, "a", {"k": "x", "j": "y"}, name="label"),
        Made(one, "a", "out"),
    ]
    pairs = [(left, right) for left in nodes for right in (*nodes, "a", None)]
    return [
        [
            outcome(lambda left=left, right=right: left == right),
            outcome(lambda left=left, right=right: left != right),
            outcome(lambda left=left, right=right: left < right),
            outcome(lambda left=left, right=right: left > right),
            outcome(lambda left=left, right=right: left <= right),
            hash(left) == hash(right),
        ]
        for left, right in pairs
    ]


@case
def lists_that_are_handed_out() -> Any:
    given = [["a", "b"], ["out", "more"], ["out"], ["tag"]]
    made = Node(two, given[0], given[1], confirms=given[2], tags=given[3])
    found = []
    for attribute in ("inputs", "outputs", "confirms", "tags", "namespace_prefixes"):
        value = getattr(made, attribute)
        found.append(value is getattr(made, attribute))
        value.clear()
        found.append(shown(getattr(made, attribute)))
    for names in given:
        names.append("later")
    return [*found, described(made), made._inputs is given[0], made._tags is given[3]]


@case
def another_function() -> Any:
    def reversed_arguments(second: Any, first: Any) -> Any:
        return (second, first)

    def decorated(**kwargs: Any) -> Any:
        return sorted(kwargs)

    made = Node(two, {"first": "a", "second": "b"}, "out")
    found = [described(made)]
    for function in (reversed_arguments, decorated, partial(two), one):
        made.func = function
        found += [
            made.func is function,
            described(made),
            outcome(made.run, {"a": 1, "b": 2}),
            described(made.tag("x")) if function is not one else [],
        ]
    return found


@case
def changed_from_outside() -> Any:
    made = Node(two, ["a", "b"], "out")
    hash(made)
    made._outputs = {"key": "out"}
    made._inputs = ["a"]
    made._name = "renamed"
    made._func = lambda first: {"key": first}
    made._confirms = "out"
    made._namespace = "inner"
    return [described(made), outcome(made.run, {"a": 1})]


@case
def copies() -> Any:
    made = Made(
        two,
        {"first": "inner.a", "second": "b"},
        ["out", "more"],
        name="label",
        tags={"x"},
        confirms="out",
        namespace="inner",
    )
    others = [
        made.tag("y"),
        made.tag(["y", "z"]),
        made.tag([]),
        made._copy(),
        made._copy(func=keywords, inputs={"first": "a", "third": "b"}),
        made._copy(name=None, namespace=None, tags=None, outputs=None),
        copy.copy(made),
        copy.deepcopy(made),
        pickle.loads(pickle.dumps(made)),
    ]
    return [
        [type(other).__name__, other == made, *described(other)] for other in others
    ] + [
        outcome(made._copy, unknown=1),
        outcome(made._copy, name="not valid"),
        outcome(made.tag, "not valid"),
        outcome(made.tag, None),
    ]


@case
def previews() -> Any:
    forget_warnings()
    found: list[Any] = []
    for payload in (TextPreview("x"), MermaidPreview("x"), "x", None, {"kind": "x"}):
        for make in (Node, node_function, Made):

            def preview(payload: Any = payload) -> Any:
                return payload

            def show(make: Any = make, preview: Any = preview) -> Any:
                made = make(one, "a", "out", preview_fn=preview)
                return made._copy(name="other").preview()

            found.append([outcome(show), hasattr(Node, FLAGS[1])])
    forget_warnings()
    bad = define(one, "a", "out", preview_fn="text")
    return [*found, bad, hasattr(Node, FLAGS[1]), Node(one, "a", "b").preview()]


@case
def helpers() -> Any:
    elements: list[Any] = [None, "", "a", ["a"], {"k": "a"}, ("a",), iter("ab"), 5]
    return [
        [outcome(_to_list, element) for element in elements],
        [outcome(_get_readable_func_name, function) for function in FUNCTIONS],
        [
            outcome(_dict_inputs_to_list, function, inputs)
            for function in FUNCTIONS
            for inputs in INPUTS
            if isinstance(inputs, dict)
        ],
        _node_error_message("said"),
        [outcome(Node._process_inputs_for_bind, inputs) for inputs in INPUTS[:13]],
        [
            repr(GroupedNodes("x", "nodes")),
            repr(GroupedNodes("x", type="namespace", nodes=["a"], dependencies=["b"])),
            GroupedNodes("x", "nodes") == GroupedNodes("x", "nodes"),
        ],
    ]


@case
def pipelines() -> Any:
    whole = pipeline(
        [
            node(one, "a", "b", tags="x"),
            node(two, ["b", "params:p"], {"k": "c"}, name="label"),
            node(partial(two, 1), {"second": "c"}, ["d", "e"], confirms="e"),
        ],
        namespace="inner",
        inputs={"a"},
        tags="whole",
    )
    return [
        [described(each) for each in whole.nodes],
        sorted(whole.datasets()),
        outcome(whole.describe),
        repr(whole.group_nodes_by("namespace")),
        [outcome(whole.filter, node_names=["inner.label"])[1:]],
        whole.to_json(),
    ]


def members(owner: Any) -> Iterable[tuple[str, Any]]:
    for name, value in vars(owner).items():
        if not name.endswith("__") or name in ("__call__", "__init__"):
            yield name, value


def parameters(function: Any) -> Any:
    if isinstance(function, staticmethod):
        function = function.__func__
    if isinstance(function, property):
        return ["property", function.fset is not None]
    if not inspect.isfunction(function):
        return type(function).__name__
    return [
        f"{each.kind.name} {each.name} {each.default!r}"
        for each in inspect.signature(function).parameters.values()
    ]


def names() -> dict[str, Any]:
    """Kedro's own names in the module, with their parameters and members."""
    from importlib import import_module

    module = import_module("kedro.pipeline.node")
    found: dict[str, Any] = {}
    for name, value in members(module):
        if getattr(value, "__module__", "").startswith("kedro."):
            found[name] = [value.__module__, parameters(value)]
        elif isinstance(value, str):
            found[name] = value
    for owner in (GroupedNodes, Node):
        for name, value in members(owner):
            found[f"{owner.__name__}.{name}"] = parameters(value)
    return found


def outcomes() -> dict[str, Any]:
    found: dict[str, Any] = {"names": names()}
    for name, function in CASES.items():
        found[name] = function()
    return found


if __name__ == "__main__":
    _log.propagate = False
    print(json.dumps(outcomes()))
