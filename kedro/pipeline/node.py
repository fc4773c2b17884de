"""``Node``: a function, the datasets that it is given, and those that it makes."""

from __future__ import annotations

import hashlib
import inspect
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from warnings import warn

from kedro.utils import KedroExperimentalWarning

from .node_outputs import divide_by_key, divide_by_position
from .transcoding import _strip_transcoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kedro.pipeline.preview_contract import PreviewPayload

    Names = str | list[str] | dict[str, str] | None

# What a node is made from; it keeps each of them under the name with an underscore.
_PARAMETERS = (
    "func",
    "inputs",
    "outputs",
    "name",
    "namespace",
    "tags",
    "confirms",
    "preview_fn",
)
_VALID_LABEL = re.compile(r"[\w.-]+$")
# Set on `Node` once the warning has been given.
_DOTTED_DATASET_NAME_WARNED = "__dotted_dataset_name_warned__"
_PREVIEW_WARNED = "__preview_fn_warned__"

# `logging` takes a lock for each look-up, and every run of a node asks. Not looked up
# when the module is imported: applications configure logging later than that.
_logger_of = lru_cache(maxsize=1)(logging.getLogger)


@dataclass
class GroupedNodes:
    """Nodes that are deployed as one unit, for example in one container.

    Args:
        name: Name of the group.
        type: What made it one: ``"namespace"`` or ``"nodes"``.
        nodes: Names of its nodes.
        dependencies: Names of the groups that have to run before it.

    Example:
        ```python
        GroupedNodes("training", "namespace", nodes=["training.fit", "training.score"])
        ```
    """

    name: str
    type: str
    nodes: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)


class Node:
    """A step of a pipeline: a function, and the names of what goes in and comes out.

    Runs share the node, also at the same time: running it changes nothing in it.

    Args:
        func: The function.
        inputs: Names of the datasets that it is given: one, a list for positional
            arguments, or a dictionary by name of the argument.
        outputs: Names of the datasets that it makes: one for the result as a whole, a
            list for the items of a list, or a dictionary by key of a dictionary.
        name: Name of the node; made from the function and the datasets if not given.
        tags: Labels by which nodes are selected.
        confirms: Names of datasets to confirm when the node has run.
        namespace: The namespace that it is in.
        preview_fn: Makes a preview of what the node does (experimental).

    Raises:
        ValueError: If an argument is not of the form said above, a name has characters
            that it must not have, an output is named twice, or an output is an input.
        TypeError: If the function cannot be called with these inputs.

    Example:
        ```python
        def split(orders, share):
            size = int(len(orders) * share)
            return orders[:size], orders[size:]


        step = Node(split, ["orders", "params:share"], ["train", "test"], name="split")
        step.run({"orders": [1, 2, 3, 4], "params:share": 0.5})
        ```
    """

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: str | list[str] | dict[str, str] | None,
        outputs: str | list[str] | dict[str, str] | None,
        *,
        name: str | None = None,
        tags: str | Iterable[str] | None = None,
        confirms: str | list[str] | None = None,
        namespace: str | None = None,
        preview_fn: Callable[..., PreviewPayload] | None = None,
    ) -> None:
        _check_callable("first argument", func)
        for role, names in (("inputs", inputs), ("outputs", outputs)):
            _check_form(role, names)
            for dataset in _to_list(names):
                _check_is_text(role, names, dataset)
                _node_dataset_name_validation(dataset, namespace)
        if not (inputs or outputs):
            raise _invalid("it must have some 'inputs' or 'outputs'.")
        self._validate_inputs(func, inputs)
        self._func = func
        self._inputs = inputs
        self._outputs = outputs
        if name:
            _check_label("name", name)
        self._name = name
        self._namespace = namespace
        self._tags = set(_to_list(tags))
        for label in self._tags:
            _check_label("tag", label)
        self._validate_unique_outputs()
        self._validate_inputs_dif_than_outputs()
        self._confirms = confirms
        if preview_fn:
            _check_callable("preview_fn", preview_fn)
            if not getattr(Node, _PREVIEW_WARNED, False):
                warn(
                    "The 'preview_fn' feature is experimental and may change in "
                    "future versions.",
                    category=KedroExperimentalWarning,
                    stacklevel=2,
                )
                setattr(Node, _PREVIEW_WARNED, True)
        self._preview_fn = preview_fn

    def _copy(self, **overwrite_params: Any) -> Node:
        """A ``Node``, also of a subclass, that differs in ``overwrite_params``."""
        kept = {
            parameter: getattr(self, f"_{parameter}")
            for parameter in _PARAMETERS
            if parameter not in overwrite_params
        }
        return Node(**kept, **overwrite_params)

    @property
    def _logger(self) -> logging.Logger:
        return _logger_of(__name__)

    @cached_property
    def _unique_key(self) -> tuple[Any, ...]:
        return self.name, _hashable(self._inputs), _hashable(self._outputs)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Node):
            return self._unique_key == other._unique_key
        return NotImplemented

    def __lt__(self, other: object) -> bool:
        if isinstance(other, Node):
            return self._unique_key < other._unique_key
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._unique_key)

    def __str__(self) -> str:
        label = f"{self._name}: " if self._name else ""
        made = f"[{';'.join(self.outputs)}]" if self._outputs else None
        given = f"[{';'.join(self.inputs)}]" if self._inputs else None
        return f"{label}{self._func_name}({given}) -> {made}"

    def __repr__(self) -> str:
        arguments = (self._inputs, self._outputs, self._name)
        return f"Node({', '.join([self._func_name, *map(repr, arguments)])})"

    def __call__(self, **kwargs: Any) -> dict[str, Any]:
        """Run the node with its inputs given by keyword."""
        return self.run(inputs=kwargs)

    @property
    def _func_name(self) -> str:
        name = _get_readable_func_name(self._func)
        if name == "<partial>":
            warn(
                f"The node producing outputs '{self.outputs}' is made from a 'partial' "
                f"function. Partial functions do not have a '__name__' attribute: "
                f"consider using 'functools.update_wrapper' for better log messages.",
                stacklevel=1,
            )
        return name

    @property
    def func(self) -> Callable[..., Any]:
        """The function; hooks may put another one, such as a decorated one, here."""
        return self._func

    @func.setter
    def func(self, func: Callable[..., Any]) -> None:
        self._func = func
        # The order of the inputs follows from the function. They may not be there to
        # be forgotten: another thread did it, or a subclass keeps none.
        with suppress(AttributeError):
            del self.inputs

    @property
    def tags(self) -> set[str]:
        """The tags; a set of the caller's own."""
        return set(self._tags)

    def tag(self, tags: str | Iterable[str]) -> Node:
        """Make a copy of the node with more tags.

        Args:
            tags: The tags to add.

        Raises:
            ValueError: If a tag has characters that it must not have.
        """
        return self._copy(tags=self.tags | set(_to_list(tags)))

    @property
    def name(self) -> str:
        """The name, with the namespace before it.

        A node that was given none has one that stays the same as long as its function
        and datasets do.
        """
        name = self._name or self._set_unique_name()
        return f"{self.namespace}.{name}" if self.namespace else name

    def _set_unique_name(self) -> str:
        if isinstance(self._func, partial):
            readable = source = f"partial({self._func.func.__name__})"
        else:
            readable = self._func_name
            source = f"{self._func.__module__}.{self._func.__name__}"
        key = f"{source}|{self.inputs}|{self.outputs}"
        return f"{readable}__{hashlib.sha256(key.encode()).hexdigest()[:8]}"

    @property
    def short_name(self) -> str:
        """A name for people: without the namespace, and not always unique."""
        return self._name or self._func_name.replace("_", " ").title()

    @property
    def namespace(self) -> str | None:
        """The namespace, outer parts first: ``"outer.inner"``."""
        return self._namespace

    @cached_property
    def namespace_prefixes(self) -> list[str]:
        """The namespaces that the node is in: ``["a", "a.b"]`` for ``"a.b"``.

        Without a namespace, that is the empty one.
        """
        return list(self._enumerate_namespaces())

    def _enumerate_namespaces(self) -> Iterator[str]:
        return accumulate((self._namespace or "").split("."), "{}.{}".format)

    @cached_property
    def inputs(self) -> list[str]:
        """Names of the inputs in the order of the function's arguments.

        Raises:
            TypeError: If a function that was set later does not take these arguments.
        """
        if isinstance(self._inputs, dict):
            return _dict_inputs_to_list(self._func, self._inputs)
        return _to_list(self._inputs)

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs in their order; a list of the caller's own."""
        names = self._outputs
        return [names] if type(names) is str else _to_list(names)

    @property
    def confirms(self) -> list[str]:
        """Names of the datasets to confirm; a list of the caller's own."""
        return [] if self._confirms is None else _to_list(self._confirms)

    def preview(self) -> PreviewPayload | None:
        """Ask the node's ``preview_fn`` for a preview.

        Returns:
            The preview, or ``None`` if the node has no ``preview_fn``.

        Raises:
            ValueError: If it gives something else than a preview.

        Example:
            ```python
            from kedro.pipeline.preview_contract import MermaidPreview


            def draw():
                return MermaidPreview(content="graph LR; orders --> report")


            Node(summarise, "orders", "report", preview_fn=draw).preview()
            ```
        """
        if not self._preview_fn:
            return None
        payload = self._preview_fn()

        from kedro.pipeline import preview_contract as contract

        pictures = (contract.MermaidPreview, contract.ImagePreview)
        valid = (contract.TextPreview, contract.CustomPreview, *pictures)
        if isinstance(payload, valid):
            return payload
        raise ValueError(
            f"preview_fn must return one of the valid preview types (TextPreview, "
            f"MermaidPreview, ImagePreview, or CustomPreview), but got "
            f"'{type(payload).__name__}' instead."
        )

    def run(self, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the function.

        Args:
            inputs: Data of all inputs by name of the dataset.

        Returns:
            Data of all outputs by name of the dataset. Of a generator function, these
            are iterators over the chunks that it yields.

        Raises:
            ValueError: If there is data for other datasets than the inputs, or the
                result does not have the form of the outputs.
            Exception: What the function raises.

        Example:
            ```python
            Node(max, ["first", "second"], "larger").run({"first": 3, "second": 5})
            # {"larger": 5}
            ```
        """
        logger = self._logger
        if logger.isEnabledFor(logging.INFO):
            logger.info("Running node: %s", str(self), extra={"markup": False})
        elif type(self._func) is partial:
            # Warns of partials without a name, which is not a matter of who listens.
            _ = self._func_name
        if inputs is not None and not isinstance(inputs, dict):
            kind = type(inputs)
            raise ValueError(
                f"Node.run() expects a dictionary or None, but got {kind} instead"
            )
        try:
            result = _call(self, {} if inputs is None else inputs)
            return self._outputs_to_dictionary(result)
        except Exception as error:
            if logger.isEnabledFor(logging.ERROR):
                logger.error(
                    "Node %s failed with error: \n%s",
                    str(self),
                    str(error),
                    extra={"markup": False},
                )
            raise

    def _run_with_no_inputs(self, inputs: dict[str, Any]) -> Any:
        if inputs:
            raise _unexpected(self, "no inputs", inputs)
        return self._func()

    def _run_with_one_input(self, inputs: dict[str, Any], node_input: str) -> Any:
        if len(inputs) != 1 or node_input not in inputs:
            raise _unexpected(self, f"one input named '{node_input}'", inputs)
        return self._func(inputs[node_input])

    def _run_with_list(self, inputs: dict[str, Any], node_inputs: list[str]) -> Any:
        # In the order in which runners give them, there is no need for a set.
        if [*inputs] != node_inputs and inputs.keys() != set(node_inputs):
            expected = f"{len(node_inputs)} input(s) {node_inputs}"
            raise _unexpected(self, expected, inputs)
        return self._func(*map(inputs.__getitem__, node_inputs))

    def _run_with_dict(
        self, inputs: dict[str, Any], node_inputs: dict[str, str]
    ) -> Any:
        if inputs.keys() != set(node_inputs.values()):
            names = sorted(set(node_inputs.values()))
            raise _unexpected(self, f"{len(names)} input(s) {names}", inputs)
        arguments = {}
        # Before Python 3.12, a comprehension would be a call of its own.
        for argument, name in node_inputs.items():
            arguments[argument] = inputs[name]
        return self._func(**arguments)

    def _outputs_to_dictionary(self, outputs: Any) -> dict[str, Any]:
        names = self._outputs
        if isinstance(names, str):
            return {names: outputs}
        if isinstance(names, dict):
            return divide_by_key(self, names, outputs)
        if names is not None:
            return divide_by_position(self, names, outputs)
        if outputs is not None:
            warn(
                f"Node '{self._name or self._func_name}' returned a value of type "
                f"'{type(outputs).__name__}', but the node is defined with "
                f"outputs=None. Kedro ignores return values for nodes without "
                f"declared outputs. If this return value is intentional, declare "
                f"outputs in the node definition to include it in the pipeline.",
                UserWarning,
                stacklevel=1,
            )
        return {}

    def _validate_inputs(
        self, func: Callable[..., Any], inputs: str | list[str] | dict[str, str] | None
    ) -> None:
        # Those written in C have no signature to ask.
        if inspect.isbuiltin(func):
            return
        args, kwargs = self._process_inputs_for_bind(inputs)
        signature = inspect.signature(func, follow_wrapped=False)
        try:
            signature.bind(*args, **kwargs)
        except Exception as error:
            raise TypeError(
                f"Inputs of '{_get_readable_func_name(func)}' function expected "
                f"{list(signature.parameters)}, but got {inputs}"
            ) from error

    def _validate_unique_outputs(self) -> None:
        names = self.outputs
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(
                f"Failed to create node {self} due to duplicate output(s) {repeated}.\n"
                f"Node outputs must be unique."
            )

    def _validate_inputs_dif_than_outputs(self) -> None:
        given = {_strip_transcoding(name) for name in self.inputs}
        common = given & {_strip_transcoding(name) for name in self.outputs}
        if common:
            raise ValueError(
                f"Failed to create node {self}.\nA node cannot have the same inputs "
                f"and outputs even if they are transcoded: {common}"
            )

    @staticmethod
    def _process_inputs_for_bind(
        inputs: str | list[str] | dict[str, str] | None,
    ) -> tuple[list[str], dict[str, str]]:
        """Positional and keyword arguments that stand for the inputs; copies."""
        if isinstance(inputs, dict):
            return [], dict(inputs)
        return (_to_list(inputs) if isinstance(inputs, (str, list)) else []), {}


def node(
    func: Callable[..., Any],
    inputs: str | list[str] | dict[str, str] | None,
    outputs: str | list[str] | dict[str, str] | None,
    *,
    name: str | None = None,
    tags: str | Iterable[str] | None = None,
    confirms: str | list[str] | None = None,
    namespace: str | None = None,
    preview_fn: Callable[..., PreviewPayload] | None = None,
) -> Node:
    """Make a ``Node``, whose arguments these are.

    Args:
        func: The function.
        inputs: Names of the datasets that it is given.
        outputs: Names of the datasets that it makes.
        name: Name of the node.
        tags: Labels by which nodes are selected.
        confirms: Names of datasets to confirm when the node has run.
        namespace: The namespace that it is in.
        preview_fn: Makes a preview of what the node does (experimental).

    Returns:
        The node.

    Raises:
        ValueError: If an argument is not of the form that ``Node`` wants.
        TypeError: If the function cannot be called with these inputs.

    Example:
        ```python
        node(clean, "raw_orders", "orders", name="clean", tags="nightly")
        node(fit, {"data": "orders", "depth": "params:depth"}, "model")
        ```
    """
    return Node(
        func,
        inputs,
        outputs,
        namespace=namespace,
        name=name,
        tags=tags,
        preview_fn=preview_fn,
        confirms=confirms,
    )


def _call(node: Node, inputs: dict[str, Any]) -> Any:
    """Call the function of ``node`` in the way that fits the form of its inputs."""
    names = node._inputs
    if not names:
        return node._run_with_no_inputs(inputs)
    if isinstance(names, list):
        return node._run_with_list(inputs, names)
    if isinstance(names, str):
        return node._run_with_one_input(inputs, names)
    return node._run_with_dict(inputs, names)


def _unexpected(node: Node, expected: str, inputs: dict[str, Any]) -> ValueError:
    return ValueError(
        f"Node {node!s} expected {expected}, but got the following {len(inputs)} "
        f"input(s) instead: {sorted(inputs.keys())}."
    )


def _check_callable(role: str, value: object) -> None:
    if not callable(value):
        raise _invalid(f"{role} must be a function, not '{type(value).__name__}'.")


def _check_form(role: str, names: object) -> None:
    if names and not isinstance(names, (list, dict, str)):
        raise _invalid(
            f"'{role}' type must be one of [String, List, Dict, None], "
            f"not '{type(names).__name__}'."
        )


def _check_is_text(role: str, names: object, dataset: object) -> None:
    if not isinstance(dataset, str):
        to_or_of = "to" if role == "inputs" else "of"
        raise _invalid(
            f"names of variables used as {role} {to_or_of} the function must be of "
            f"'String' type, but {dataset} from {names} is '{type(dataset)}'."
        )


def _check_label(role: str, label: str) -> None:
    if not _VALID_LABEL.match(label):
        raise ValueError(
            f"'{label}' is not a valid node {role}. It must contain only letters, "
            f"digits, hyphens, underscores and/or fullstops."
        )


def _node_dataset_name_validation(name: str, namespace: str | None) -> None:
    """Warn, once, of a dot in the name of a dataset that is in no namespace."""
    if "." not in name or name.startswith("params:"):
        return
    outermost = namespace.partition(".")[0] if namespace else None
    if outermost is not None and name.rpartition(".")[0].startswith(outermost):
        return
    if not getattr(Node, _DOTTED_DATASET_NAME_WARNED, False):
        setattr(Node, _DOTTED_DATASET_NAME_WARNED, True)
        warn(
            "One or more dataset names contain '.' characters, which is not "
            "recommended as the dot notation is reserved for automatic namespacing in "
            "Kedro. Consider using a different naming convention.",
            UserWarning,
            stacklevel=3,
        )


def _invalid(reason: str) -> ValueError:
    return ValueError(_node_error_message(reason))


def _node_error_message(msg: str) -> str:
    return (
        f"Invalid Node definition: {msg}\n"
        f"Format should be: node(function, inputs, outputs)"
    )


def _hashable(names: Names) -> Any:
    """The same value for names that mean the same: a dictionary has no order."""
    if isinstance(names, dict):
        return tuple(sorted(names.items()))
    return tuple(names) if isinstance(names, list) else names


def _dict_inputs_to_list(func: Callable[..., Any], inputs: dict[str, str]) -> list[str]:
    """The values of ``inputs`` in the order in which ``func`` takes them."""
    bound = inspect.signature(func, follow_wrapped=False).bind(**inputs)
    return [*bound.args, *bound.kwargs.values()]


def _to_list(element: str | Iterable[str] | dict[str, str] | None) -> list[str]:
    """A new list of the names, in whichever form they were given."""
    if element is None:
        return []
    if isinstance(element, str):
        return [element]
    return list(element.values() if isinstance(element, dict) else element)


def _get_readable_func_name(func: Callable[..., Any]) -> str:
    """The name of a function; ``"<partial>"`` of partials that have none."""
    if hasattr(func, "__name__"):
        return func.__name__
    # Its representation would hold those of its arguments, which can be long.
    if type(func) is partial:
        return "<partial>"
    name = repr(func)
    return "<partial>" if "functools.partial" in name else name
