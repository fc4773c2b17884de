"""What a session is expected to do, in plain dictionaries and lists.

Knows nothing of how Kedro does it: what each run has to read and write, what has to be
cached, and which error is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Value = Any


class Step(NamedTuple):
    """A node, with its namespace; it returns its name and what it was given."""

    name: str
    inputs: list[str]
    outputs: list[str]
    tags: list[str] = []  # noqa: RUF012
    spoils: bool = False


# In an order in which they can run. Those that fail have no other beside them.
PIPELINES = {
    "serve": [
        Step("predict", ["model", "requests"], ["prediction"], ["fast"]),
        Step("adjust", ["prediction", "params:options.alpha"], ["adjusted"], ["fast"]),
        Step("report", ["adjusted", "tuned", "params:tag"], ["report"]),
        Step("audit", ["prediction", "params:dotted.name", "params:greeting"], ["log"]),
    ],
    "train": [
        Step("fit", ["requests", "params:rate"], ["model"], ["fast"]),
        Step("check", ["model", "scaler", "params:options.deep"], ["score"]),
    ],
    "table": [
        Step("fill", ["requests"], ["table@dict"], ["fast"]),
        Step("look", ["table@again", "us_lookup"], ["seen"]),
    ],
    "release": [
        Step("publish", ["requests"], ["releases"]),
        Step("read_back", ["releases"], ["published"]),
    ],
    "show": [Step("show", ["releases"], ["shown"])],
    "spoil": [Step("spoil", ["model", "scaler"], ["spoilt"], spoils=True)],
    "split": [
        Step("halve", ["requests"], ["left", "right"], spoils=True),
        Step("unite", ["left", "right", "added"], ["united"], spoils=True),
    ],
    "dump": [Step("dump", ["parameters", "params:derived"], ["dumped"], spoils=True)],
    "login": [Step("log_in", ["secret", "requests"], ["logged_in"], spoils=True)],
    "fresh": [Step("ask", ["params:fresh", "params:fresh.inner"], ["answer"])],
    "wide": [
        Step(f"wide_{n}", ["model", "requests", "table@dict"], [f"wide_{n}_out"])
        for n in range(3)
    ],
    "broken": [
        Step("half", ["requests", "scaler"], ["half"]),
        Step("fail", ["half"], ["never"]),
    ],
    "spaced": [
        Step("north.sum", ["requests"], ["north_sum"], ["fast"]),
        Step("north.keep", ["north_sum"], ["report"]),
        Step("south.sum", ["requests", "params:rate"], ["half"]),
        Step("south.mean", ["half", "us_lookup"], ["south_mean"]),
    ],
    "paused": [
        Step("pause", ["requests"], ["ready"]),
        Step("late", ["ready", "scaler", "us_lookup", "params:rate"], ["slow"]),
        Step("refit", ["slow", "params:options.deep"], ["model"]),
        Step("after_all", ["model", "tuned"], ["done"]),
    ],
    "nested": [
        Step("outer", ["requests", "model"], ["inner"]),
        Step("after", ["inner", "scaler"], ["outermost"]),
    ],
}
FILES = {
    "model": "model.json",
    "scaler": "scaler.json",
    "table@dict": "table.json",
    "table@again": "table.json",
    "report": "report.json",
    "half": "half.json",
}
VERSIONED = "releases"
PARAMETERS = {
    "rate": 3,
    "options": {"alpha": 1, "deep": {"beta": 2, "names": ["a", "b"]}},
    "dotted.name": 5,
    "tag": "tag-${runtime_params:variant, standard}",
    "derived": "${rate}",
    "greeting": "hi ${options.deep.beta}",
}
# A dataset that gives its credentials, into which runtime parameters go.
SECRET = "secret"
EMPTY = object()


class Failure(Exception):
    """A run, or another call, is expected to raise an exception of this class."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass
class Artifact:
    """A preloaded dataset."""

    name: str
    source: Any
    copy_mode: str
    data: Any = EMPTY
    hits: int = 0


class Vault(NamedTuple):
    """Where credentials come from."""

    user: str
    token: str


@dataclass(eq=False)
class Added:
    """A dataset that was put into the catalog: in a file, or data in memory."""

    file: str | None = None
    data: Any = None


@dataclass
class Request:
    """The arguments of a run."""

    pipeline: str
    filters: dict[str, list[str]] = field(default_factory=dict)
    runtime_data: dict[str, Any] = field(default_factory=dict)
    runtime_params: dict[str, Any] = field(default_factory=dict)
    load_versions: dict[str, str] = field(default_factory=dict)
    run_id: str | None = None
    only_missing: bool = False

    def arguments(self) -> dict[str, Any]:
        """What ``session.run`` is called with."""
        return {
            "pipeline_names": [self.pipeline],
            **self.filters,
            "runtime_data": self.runtime_data,
            "runtime_params": self.runtime_params,
            "load_versions": self.load_versions,
            "run_id": self.run_id,
            "only_missing_outputs": self.only_missing,
        }


Events = Counter[tuple[str | None, str, str]]


def stem(name: str) -> str:
    """The name without transcoding."""
    return name.partition("@")[0]


def namespace_of(step: str) -> str:
    """The namespace of a node, if it has one."""
    return step.rpartition(".")[0]


def is_parameter(name: str) -> bool:
    """Whether a dataset is a parameter."""
    return name == "parameters" or name.startswith("params:")


def merged(below: Value, above: Value) -> Value:
    """Dictionaries merged at every depth."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return deepcopy(above)
    both = {key: merged(below[key], above[key]) for key in below.keys() & above.keys()}
    return {**deepcopy(below), **deepcopy(above), **both}


def spoil(value: Value) -> None:
    """Change data in place, at two depths."""
    if isinstance(value, list):
        if len(value) > 1 and isinstance(value[1], list):
            value[1].append("deep")
        value.append("spoilt")
    elif isinstance(value, dict):
        for inner in list(value.values()):
            spoil(inner)
        value["spoilt"] = True


class Model:
    """A session, the project's files, and what was done to both."""

    def __init__(self) -> None:
        self.on_disk: dict[str, Any] = {
            "scaler": "scaler.json",
            "rate": 3,
            "user": "me",
        }
        self.files: dict[str, Value] = {
            "model.json": [1, [2]],
            "scaler.json": [3, [4]],
            "scaler_b.json": [5, [6]],
            "table.json": ["rows", [7]],
            "us.json": ["us"],
            "tuned-standard.json": ["standard"],
            "tuned-special.json": ["special"],
            "extra.json": ["extra", [8]],
        }
        self.versions: dict[str, Value] = {}
        self.inner: Request | None = None
        self.meanwhile: Callable[[], None] | None = None
        self.open({})

    def open(self, runtime_params: dict[str, Any]) -> None:
        """Create a session."""
        self.runtime_params = runtime_params
        self.closed = False
        self.reload()

    def reload(self) -> None:
        """Forget all but the files."""
        self.config = dict(self.on_disk)
        self.artifacts: dict[str, Artifact] = {}
        self.added: dict[str, Added] = {}
        self.reconfigured: dict[str, str] = {}
        self.removed: set[str] = set()

    def close(self) -> None:
        """Close the session."""
        self.closed = True
        self.artifacts = {}

    def as_it_is(self) -> Model:
        """What a run sees that begins at this moment; the files are the same."""
        view = copy(self)
        view.added, view.reconfigured = dict(self.added), dict(self.reconfigured)
        view.removed = set(self.removed)
        return view

    # Configuration

    def parameters(self, runtime_params: dict[str, Any]) -> dict[str, Any]:
        """All parameters under runtime parameters."""
        runtime_params = merged(self.runtime_params, runtime_params)
        found = merged({**PARAMETERS, "rate": self.config["rate"]}, runtime_params)
        given = {
            "${rate}": found["rate"],
            "r=${rate}": f"r={found['rate']}",
            PARAMETERS["greeting"]: f"hi {found['options']['deep']['beta']}",
            PARAMETERS["tag"]: f"tag-{runtime_params.get('variant', 'standard')}",
        }
        return {
            key: deepcopy(given[value])
            if isinstance(value, str) and value in given
            else value
            for key, value in found.items()
        }

    def parameter(self, name: str, runtime_params: dict[str, Any]) -> Value:
        """One parameter; ``EMPTY`` if there is none."""
        found: Value = self.parameters(runtime_params)
        if name == "parameters":
            return found
        path = name.removeprefix("params:")
        if path in found:
            return found[path]
        for key in path.split("."):
            if not isinstance(found, dict) or key not in found:
                return EMPTY
            found = found[key]
        return found

    def source(self, name: str, runtime_params: dict[str, Any]) -> Any:
        """Where a dataset comes from: a file, an added dataset, versions or nothing."""
        if name in self.added:
            return self.added[name]
        if name in self.reconfigured:
            return self.reconfigured[name]
        if name.endswith("_lookup"):
            return name.removesuffix("_lookup") + ".json"
        if name in self.removed:
            return None
        given = merged(self.runtime_params, runtime_params)
        configured = {
            **FILES,
            VERSIONED: VERSIONED,
            "scaler": self.config["scaler"],
            "tuned": f"tuned-{given.get('variant', 'standard')}.json",
            SECRET: Vault(self.config["user"], given.get("token", "none")),
        }
        return configured.get(name)

    def knows(self, name: str, runtime_params: dict[str, Any]) -> bool:
        """Whether a dataset is configured, or was put in."""
        if is_parameter(name):
            return self.parameter(name, runtime_params) is not EMPTY
        return self.source(name, runtime_params) is not None

    def forget(self, name: str) -> None:
        """Have no configuration for a dataset, unless a pattern matches its name."""
        self.reconfigured.pop(name, None)
        self.removed.add(name)

    # Storage

    def stored(self, source: Any, version: str | None = None) -> Value:
        """What is in storage."""
        if isinstance(source, Added):
            if source.file is None:
                return deepcopy(source.data)
            source = source.file
        if isinstance(source, Vault):
            return [source.user, [source.token]]
        if source == VERSIONED:
            # Folders are sorted with what separates them from the file's name.
            latest = max(self.versions, key="{}/".format, default=None)
            version = version or latest
            if version not in self.versions:
                raise Failure("DatasetError")
            return deepcopy(self.versions[version])
        if source not in self.files:
            raise Failure("DatasetError")
        return deepcopy(self.files[source])

    def save(self, name: str, data: Value) -> None:
        """Save through the session's catalog."""
        source = self.source(name, {})
        if isinstance(source, Added) and source.file is None:
            source.data = deepcopy(data)
        else:
            file = source.file if isinstance(source, Added) else source
            self.files[file] = deepcopy(data)
        self.was_saved(name)

    def was_saved(self, name: str) -> None:
        """Have the artifacts of a dataset read again."""
        for key, artifact in self.artifacts.items():
            if stem(key) == stem(name):
                self.artifacts[key] = Artifact(key, artifact.source, artifact.copy_mode)

    # The cache

    def preload(self, names: list[str], copy_mode: str) -> None:
        """Load artifacts, all or none."""
        if self.closed or not all(self.knows(name, {}) for name in names):
            raise Failure("KedroSessionError")
        new = {}
        for name in names:
            source = self.source(name, {})
            data = self.stored(source)
            new[name] = Artifact(name, source, copy_mode, data)
        self.artifacts.update(new)

    def worth_preloading(self, pipeline: str) -> list[str]:
        """The persisted free inputs that are the same for all runs."""
        steps = PIPELINES[pipeline]
        made = {stem(name) for step in steps for name in step.outputs}
        names = {name for step in steps for name in step.inputs}
        return sorted(
            name
            for name in names
            if stem(name) not in made
            and not is_parameter(name)
            and self._is_worth_it(name)
        )

    def _is_worth_it(self, name: str) -> bool:
        source = self.source(name, {})
        if name in ("tuned", SECRET) and name not in {
            *self.reconfigured,
            *self.removed,
        }:
            return False
        in_memory = isinstance(source, Added) and source.file is None
        return source is not None and not in_memory

    def release(self, names: list[str] | None) -> None:
        """Drop artifacts, all or none."""
        if not set(names or ()) <= self.artifacts.keys():
            raise Failure("KedroSessionError")
        for name in set(self.artifacts) if names is None else set(names):
            del self.artifacts[name]

    def read(self, artifact: Artifact) -> Value:
        """What a run gets of an artifact."""
        if artifact.data is EMPTY:
            artifact.data = self.stored(artifact.source)
        artifact.hits += 1
        if artifact.copy_mode == "assign":
            return artifact.data
        copied = deepcopy if artifact.copy_mode == "deepcopy" else list
        return copied(artifact.data)

    # Runs

    def pause(self) -> None:
        """Do what is to be done while a run is in flight."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()

    def run(self, request: Request) -> tuple[dict[str, Value] | Failure, Events]:
        """What a run returns or raises, and what hooks are told."""
        events: Events = Counter()
        try:
            if self.closed:
                raise Failure("KedroSessionError")
            return _Run(self, request, events).execute(), events
        except Failure as failure:
            return failure, events


class _Run:
    def __init__(self, model: Model, request: Request, events: Events) -> None:
        self.model, self.request, self.events = model, request, events
        self.view = model.as_it_is()
        self.injected = request.runtime_data
        self.selected = selected(PIPELINES[request.pipeline], request.filters)
        self.check_injected()
        made = outputs_of(self.selected)
        given = {stem(name) for name in self.injected}
        self.overridden = {name for name in made if stem(name) in given}
        self.steps = self.needed()
        self.check_load_versions()
        self.saved = {stem(n) for n in outputs_of(self.steps) - self.overridden}
        self.memory = {
            name: deepcopy(added.data)
            for name, added in model.added.items()
            if added.file is None
        }
        self.artifacts = {
            name: artifact
            for name, artifact in model.artifacts.items()
            if stem(name) not in self.saved
            and name not in {*self.injected, *request.load_versions}
            and model.source(name, request.runtime_params) == artifact.source
        }
        self.own_version = False

    def check_injected(self) -> None:
        used = datasets_of(self.selected)
        for name in self.injected:
            if is_parameter(name) or name not in used:
                raise Failure("KedroSessionError")

    def check_load_versions(self) -> None:
        for name in self.request.load_versions:
            if self.view.source(name, self.request.runtime_params) is None:
                raise Failure("DatasetNotFoundError")

    def needed(self) -> list[Step]:
        """Without the nodes that only make what is injected, or what nobody reads."""
        if not self.overridden:
            return self.selected
        dropped = {stem(name) for name in self.overridden}
        wanted = {stem(n) for n in free(self.selected)} - dropped
        steps = []
        for step in reversed(self.selected):
            if not wanted & {stem(name) for name in {*step.outputs} - self.overridden}:
                continue
            steps.insert(0, step)
            read = {stem(name) for name in step.inputs if name not in self.injected}
            if read & dropped:
                raise Failure("KedroSessionError")
            wanted |= read
        return steps

    def missing(self) -> list[Step]:
        """Those that have to run for all files of the outputs to exist."""
        made = outputs_of(self.steps)
        steps: list[Step] = []
        wanted: set[str] = set()
        for step in reversed(self.steps):
            missing = [name for name in step.outputs if self.exists(name) is False]
            if missing or wanted & {*step.outputs}:
                steps.insert(0, step)
                wanted |= {n for n in made & {*step.inputs} if not self.exists(n)}
        return steps

    def exists(self, name: str) -> bool | None:
        """Whether the file of an output exists; ``None`` if it is to have none."""
        source = self.view.source(name, self.request.runtime_params)
        file = source.file if isinstance(source, Added) else source
        if name in self.overridden or file is None:
            return None
        return file in self.model.files

    def tell(self, event: str, subject: str = "") -> None:
        self.events[self.request.run_id, event, subject] += 1

    def execute(self) -> dict[str, Value]:
        self.tell("before_pipeline_run")
        steps = self.missing() if self.request.only_missing else self.steps
        try:
            made = {stem(name) for name in outputs_of(steps)}
            for name in inputs_of(steps) - self.injected.keys():
                known = self.view.knows(name, self.request.runtime_params)
                if stem(name) not in made and not known:
                    raise Failure("ValueError")
            for step in in_layers(steps):
                self.execute_step(step)
        except Failure:
            self.tell("on_pipeline_error")
            raise
        self.tell("after_pipeline_run")
        surplus = free(self.steps) - free(self.selected)
        results = free(steps) - surplus | free(self.selected) & self.injected.keys()
        return {name: self.result(name) for name in results}

    def result(self, name: str) -> Value:
        """What an output has when it is loaded; a failure, if it cannot be."""
        try:
            return self.load(name)
        except Failure as failure:
            return failure

    def execute_step(self, step: Step) -> None:
        inputs = []
        for name in step.inputs:
            self.tell("before_dataset_loaded", name)
            inputs.append(self.load(name))
            self.tell("after_dataset_loaded", name)
        self.tell("before_node_run", step.name)
        if step.name == "pause":
            self.model.pause()
        try:
            outputs = act(step, inputs, self.run_inner)
        except Failure:
            self.tell("on_node_error", step.name)
            raise
        self.tell("after_node_run", step.name)
        for name, data in zip(step.outputs, outputs, strict=True):
            self.tell("before_dataset_saved", name)
            self.save(name, data)
            self.tell("after_dataset_saved", name)

    def run_inner(self) -> Value:
        inner = self.model.inner
        assert inner is not None
        if inner.run_id is not None and inner.run_id == self.request.run_id:
            raise Failure("KedroSessionError")
        found, events = self.model.run(inner)
        self.events.update(events)
        if isinstance(found, Failure):
            raise found
        for value in found.values():
            if isinstance(value, Failure):
                raise value
        return found

    def load(self, name: str) -> Value:
        if name in self.injected:
            return deepcopy(self.injected[name])
        runtime_params = self.request.runtime_params
        if is_parameter(name):
            return deepcopy(self.view.parameter(name, runtime_params))
        if name in self.artifacts:
            return self.model.read(self.artifacts[name])
        if name in self.memory:
            return deepcopy(self.memory[name])
        source = self.view.source(name, runtime_params)
        version = self.request.load_versions.get(name)
        if version is None and self.own_version:
            version = self.request.run_id or ""
        return self.model.stored(source, version)

    def save(self, name: str, data: Value) -> None:
        if name in self.overridden:
            return
        source = self.view.source(name, self.request.runtime_params)
        if source is None or (isinstance(source, Added) and source.file is None):
            self.memory[name] = deepcopy(data)
        elif source == VERSIONED:
            self.save_version(data)
        else:
            file = source.file if isinstance(source, Added) else source
            self.model.files[file] = deepcopy(data)
        self.model.was_saved(name)

    def save_version(self, data: Value) -> None:
        version = self.request.run_id
        assert version is not None
        if version in self.model.versions:
            self.model.was_saved(VERSIONED)
            raise Failure("DatasetError")
        self.model.versions[version] = deepcopy(data)
        self.own_version = True


def act(step: Step, inputs: list[Value], run_inner: Callable[[], Value]) -> list[Value]:
    """What a node does; the project's nodes do the same."""
    given = deepcopy(inputs)
    if step.spoils:
        for value in inputs:
            spoil(value)
    if step.name == "fail":
        raise Failure("RuntimeError")
    if step.name == "outer":
        given.append(sorted(run_inner().items()))
    return [[step.name, number, given] for number, _ in enumerate(step.outputs)]


def inputs_of(steps: Iterable[Step]) -> set[str]:
    """All inputs."""
    return {name for step in steps for name in step.inputs}


def outputs_of(steps: Iterable[Step]) -> set[str]:
    """All outputs."""
    return {name for step in steps for name in step.outputs}


def datasets_of(steps: Iterable[Step]) -> set[str]:
    """All inputs and outputs."""
    return inputs_of(steps) | outputs_of(steps)


def free(steps: list[Step]) -> set[str]:
    """Outputs that no node reads."""
    read = {stem(name) for name in inputs_of(steps)}
    return {name for name in outputs_of(steps) if stem(name) not in read}


def in_layers(steps: list[Step]) -> list[Step]:
    """The nodes as a run takes them: first, by name, those that need no other."""
    order: list[Step] = []
    while len(order) < len(steps):
        left = [step for step in steps if step not in order]
        made = {stem(name) for name in outputs_of(left)}
        ready = [step for step in left if not made & {*map(stem, step.inputs)}]
        order += sorted(ready, key=lambda step: step.name)
    return order


def selected(steps: list[Step], filters: dict[str, list[str]]) -> list[Step]:
    """The nodes that pass all filters."""
    names = {step.name for step in steps}
    for kind, wanted in filters.items():
        names &= {step.name for step in _filtered(steps, kind, set(wanted))}
    if not names:
        raise Failure("ValueError")
    return [step for step in steps if step.name in names]


def _filtered(steps: list[Step], kind: str, wanted: set[str]) -> list[Step]:
    if kind == "tags":
        return [step for step in steps if wanted & {*step.tags}]
    if kind == "namespaces":
        return [step for step in steps if namespace_of(step.name) in wanted]
    if kind == "node_names":
        return [step for step in steps if step.name in wanted]
    attribute = {"to_outputs": "outputs", "from_inputs": "inputs"}.get(kind, "name")
    found = [step for step in steps if wanted & {*_listed(getattr(step, attribute))}]
    if kind.startswith("from"):
        return _closure(steps, found, "inputs", "outputs")
    return _closure(steps, found, "outputs", "inputs")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _closure(steps: list[Step], found: list[Step], own: str, others: str) -> list[Step]:
    """The nodes with all that they lead to."""
    while True:
        names = {stem(name) for step in found for name in getattr(step, others)}
        more = [
            step
            for step in steps
            if step not in found and names & {stem(n) for n in getattr(step, own)}
        ]
        if not more:
            return found
        found = [*found, *more]
