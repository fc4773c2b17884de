"""Random configuration gives what kedro 1.7.0 gives for the same files.

The release answers live, in a process of its own with the same OmegaConf: the examples
are new each time, so that there is nothing to record, and what it answers depends on
the version of OmegaConf that is installed.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

# Credentials that cannot be resolved make the release read environment variables for
# all that it is asked afterwards.
KEYS = ["catalog", "parameters", "globals", "spark", "credentials"]
ENVIRONMENT = {"KT_USER": "me", "KT_ODD": "${a} \\${b}", "KT_NUMBER": "7"}

compare = settings(
    max_examples=150,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

top_names = st.sampled_from(["a", "b", "c", "d", "type", "_t", "_u"])
inner_names = st.sampled_from(["k", "m", "type", "_h", "a", "x.y"])
paths = st.one_of(
    top_names,
    st.builds("{}.{}".format, top_names, inner_names),
    st.builds("{}.{}.{}".format, top_names, inner_names, inner_names),
    st.builds("{}[{}]".format, top_names, st.integers(0, 2)),
    st.builds("{}{}".format, st.sampled_from([".", "..", "..."]), inner_names),
)
plain_scalars = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -3,
        1.0,
        0.5,
        1e20,
        "",
        "text",
        "two words",
        "1",
        "???",
        "null",
        "$a",
        "a}b",
        "a:b,c",
        "é",
        "\\",
        "data/x.csv",
        "2024-01-01",
    ]
)
defaults = st.sampled_from(["", ", 5", ", null", ", [1, {z: 2}]", ", ${a}", ", 'x y'"])
lookups = st.builds(
    "${{{}:{}{}}}".format,
    st.sampled_from(["globals", "runtime_params"]),
    st.sampled_from(["a", "b", "p", "p.q", "p.k", "_t", "${b}", "c", "g", "g.k", "n"]),
    defaults,
)
calls = st.one_of(
    st.builds("${{add:{},{}}}".format, st.integers(0, 3), st.sampled_from([1, "${a}"])),
    st.builds("${{same:{}}}".format, st.builds("${{{}}}".format, paths)),
    st.sampled_from(
        [
            "${table:n,1}",
            "${table:${a},${b}}",
            "${pair:1,2}",
            "${day:2024-01-01}",
            "${key_of:}",
            "${sibling:k}",
            "${fail:no}",
            "${most:1,2}",
            "${unknown:1}",
            "${oc.select:a.k,3}",
            "${oc.select:c}",
            "${oc.dict.keys:a}",
            "${oc.create:x}",
            "${oc.dict.values:b}",
            "${oc.decode:'[1,2]'}",
            "${oc.create:{k: '${b}'}}",
            "${oc.env:KT_USER}",
            "${oc.env:KT_NONE}",
            "${oc.env:KT_NONE,alone}",
            "${oc.env:KT_ODD}",
            "${oc.decode:${oc.env:KT_NUMBER}}",
            "${same:${runtime_params:p,1}}",
            "${globals:g,${oc.env:KT_USER}}",
        ]
    ),
)
interpolations = st.one_of(st.builds("${{{}}}".format, paths), lookups, calls)
texts = st.one_of(
    interpolations,
    interpolations,
    st.builds("{}-{}/{}".format, plain_scalars, interpolations, interpolations),
    st.builds("\\{}".format, interpolations),
    st.builds("\\\\{}".format, interpolations),
    st.sampled_from(["${a}}", "${${b}}", "\\${a} ${b}", "\\???"]),
)


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(leaves, max_size=3)
    inner = st.dictionaries(inner_names, st.one_of(leaves, lists), max_size=2)
    outer = st.dictionaries(inner_names, st.one_of(leaves, lists, inner), max_size=3)
    return st.one_of(leaves, leaves, lists, outer, st.lists(inner, max_size=2))


def paths_in(tree: dict[str, Any]) -> list[str]:
    nested = [
        f"{name}.{path}"
        for name, inner in tree.items()
        if isinstance(inner, dict)
        for path in paths_in(inner)
    ]
    return [*tree, *nested]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Configuration of which some is interpolated, and most of that resolves."""
    tree = draw(st.dictionaries(top_names, values(plain_scalars), max_size=4))
    if tree and draw(st.booleans()):
        # Written as an anchor and a reference to it.
        shared = {"k": 1, "m": [draw(plain_scalars)]}
        tree["c"] = {"k": shared, "m": shared}
    known = st.sampled_from(paths_in(tree) or ["a"])
    resolvable = st.one_of(
        st.builds("${{{}}}".format, known),
        st.builds("${{oc.select:{},3}}".format, known),
        st.builds("{}-${{{}}}".format, plain_scalars, known),
        st.builds("${{runtime_params:p.q, ${{{}}}}}".format, known),
        st.sampled_from(["${globals:a, 5}", "${globals:c.k, ${runtime_params:p, x}}"]),
        st.sampled_from(["${runtime_params:p, 1}", "${runtime_params:a.k, null}"]),
        st.sampled_from(["${add:1,${runtime_params:n, 2}}", "${table:x,1}", "\\${a}"]),
    )
    leaves = st.one_of(plain_scalars, resolvable, resolvable)
    for name in draw(st.lists(top_names, max_size=2, unique=True)):
        tree[name] = draw(values(leaves))
    if draw(st.integers(0, 3)) == 0:
        tree[draw(top_names)] = draw(values(st.one_of(plain_scalars, texts)))
    return tree


@st.composite
def environments(draw: st.DrawFn) -> dict[str, str]:
    """The files of one environment."""
    files = {}
    for kind in draw(st.sets(st.sampled_from(KEYS))) | {"catalog", "parameters"}:
        tree = draw(trees())
        parts = [tree]
        if kind != "globals" and draw(st.booleans()):
            parts = [dict(list(tree.items())[:1]), dict(list(tree.items())[1:])]
        for number, part in enumerate(parts):
            name = f"{kind}{number or ''}.yml"
            if number and draw(st.booleans()):
                name = f"inside/{kind}.json"
            files[name] = yaml.safe_dump(part, allow_unicode=True)
    return files


runtime_params = st.one_of(
    st.just({}),
    st.dictionaries(
        st.sampled_from(["a", "b", "p", "n", "_t", "x.y"]),
        values(st.one_of(plain_scalars, plain_scalars, texts)),
        max_size=3,
    ),
    # Equal, and yet not the same.
    st.sampled_from([{"p": value} for value in (1, True, 1.0, 0.0, -0.0)]),
)
strategies = st.dictionaries(
    st.sampled_from(KEYS), st.sampled_from(["soft", "soft", "Destructive", "hard"])
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "merge_strategy": draw(strategies),
        "config_patterns": {"spark": ["spark*", "**/spark*"]},
    }
    if draw(st.integers(0, 5)) == 0:
        arguments["env"] = draw(st.sampled_from(["base", "local"]))
    return {
        "files": {
            f"{environment}/{name}": text
            for environment in ("base", "local")
            for name, text in draw(environments()).items()
        },
        "keys": KEYS,
        "arguments": arguments,
        "environment": ENVIRONMENT,
        "reads_environment": draw(st.integers(0, 3)) == 0,
        "runtime_params": draw(st.lists(runtime_params, min_size=1, max_size=3)),
    }


def write(request: dict[str, Any], root: str) -> None:
    for name, text in request["files"].items():
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        note(f"{name}:\n{text}")
    for environment in ("base", "local"):
        Path(root, environment).mkdir(exist_ok=True)
    request["arguments"]["conf_source"] = root


def without_message(outcome: list[Any]) -> list[Any]:
    return outcome if outcome[0] == "value" else outcome[:2]


def spoil(value: Any) -> None:
    """Change all that can be changed in what a loader has handed out."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value["spoiled"] = True
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.append("spoiled")


def test_the_release_is_asked_with_the_same_omegaconf(release: Any) -> None:
    assert release.versions == {"kedro": "1.7.0", "omegaconf": version("omegaconf")}


@compare
@given(request=requests())
def test_a_configuration_type_as_a_whole(
    request: dict[str, Any], release: Any, here: Any
) -> None:
    with tempfile.TemporaryDirectory() as root:
        write(request, root)
        expected = release.outcomes(request)
        for ours, theirs in zip(here.outcomes(request), expected, strict=True):
            for key in KEYS:
                note(f"{key}: {theirs[key]} {ours[key]}")
                assert without_message(ours[key]) == without_message(theirs[key])


@compare
@given(request=requests(), retained=st.booleans())
@example(
    request={
        "files": {
            "base/credentials.yml": "b: \\${a}\n",
            "base/credentials_1.yml": "a: ${oc.select:b,3}\n",
        },
        "keys": KEYS,
        "arguments": {"env": "base"},
        "environment": ENVIRONMENT,
        "reads_environment": True,
        "runtime_params": [{}],
    },
    retained=False,
)
@example(
    request={
        "files": {"base/credentials.yml": "a: ???\nb: true\n"},
        "keys": KEYS,
        "arguments": {"env": "base"},
        "environment": ENVIRONMENT,
        "reads_environment": True,
        "runtime_params": [{}],
    },
    retained=False,
)
def test_entries_of_loaders_that_share_their_files(
    request: dict[str, Any], retained: bool, release: Any, here: Any
) -> None:
    with tempfile.TemporaryDirectory() as root:
        write(request, root)
        expected = release.outcomes(request)
        with here.environment(ENVIRONMENT):
            try:
                shared = here.make_loader(request)
            except Exception:
                assert expected[0]["globals"][0] == "error"
                return
            if retained:
                shared.retain_files()
            # Twice, for the second time to find what the first one has kept.
            told = [*zip(request["runtime_params"], expected, strict=True)]
            for params, theirs in told * 2:
                check_entries(here, shared.with_runtime_params(params), theirs)


def check_entries(here: Any, loader: Any, theirs: dict[str, list[Any]]) -> None:
    for key in KEYS:
        if theirs[key][0] != "value":
            assert without_message(here.outcome(lambda k=key: loader[k])) == (
                without_message(theirs[key])
            )
            continue
        if key == "globals" and theirs[key] == ["value", ["dict", []]]:
            continue
        note(f"{key}: {theirs[key]}")
        entries = loader.entries(key)
        found = {name: entries[name] for name in entries}
        ours = here.encode(found)
        assert [pair for pair in ours[1] if pair not in theirs[key][1][1]] == [], [
            pair for pair in theirs[key][1][1] if pair not in ours[1]
        ]
        assert ours == theirs[key][1]
        assert all(name in entries for name in found)
        spoil(found)
        spoil(loader[key])
