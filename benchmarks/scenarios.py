"""Who runs against whom, and which figure of it has a target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from benchmarks.environments import ROOT, Environment
from benchmarks.figures import (
    MISSED,
    UNTOLD,
    Row,
    Spread,
    ratios,
    show,
    show_spread,
    slope,
    times_faster,
    times_the_time,
    verdict,
    worst_deviation,
)
from benchmarks.projects import (
    HASHED_BYTES,
    HASHING_NODES,
    INJECTED,
    ON_DISK,
    Size,
    chain_result,
    hashing_result,
    write_chain,
    write_hashing,
)
from benchmarks.race import (
    Contestant,
    PeerFailedError,
    Results,
    race,
    run_once,
    worker_module,
)

PROJECTS = ROOT / "build" / "peers" / "projects"
CHAINS = (3, 10, 25, 50)
ENTRIES = (10, 1000)
BATCH = 4

TWO_THREADS = 1.9

# A point may lie this far off the line before the times are not called linear.
LINEAR = 0.1
# Counting them leaves a few, however many runs there are.
FEW_OBJECTS = 50
FEW_KIB = 10


@dataclass(frozen=True)
class Effort:
    """How much to measure."""

    starts: int
    rounds: int
    budget: float
    first_runs: int
    thread_rounds: int
    memory_runs: int


QUICK = Effort(2, 6, 0.04, 5, 5, 10_000)
FULL = Effort(5, 8, 0.1, 15, 8, 100_000)


@dataclass
class Findings:
    """All that was measured: the rows with targets, and the seconds behind them."""

    rows: list[Row] = field(default_factory=list)
    seconds: dict[str, Spread] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    share: float = 1.0

    def take(self, results: Results) -> None:
        """Keep the seconds and the versions."""
        for name, rounds in results.rounds.items():
            self.seconds[name] = Spread.of(rounds)
        self.versions.update(results.versions)


class Entrants:
    """Makes contestants, each with its project on disk."""

    def __init__(self, environments: Mapping[str, Environment]) -> None:
        self._environments = environments

    def chain(
        self,
        name: str,
        worker: str,
        environment: str,
        size: Size,
        inject: bool = True,
    ) -> Contestant:
        """One that runs a chain of nodes, with or without its input injected."""
        project = write_chain(PROJECTS / _folder(name), size)
        x = INJECTED if inject else ON_DISK
        case: dict[str, Any] = {"project": str(project), "output": f"y{size.nodes}"}
        if inject:
            case["x"] = x
        return Contestant(
            name,
            worker_module(worker),
            self._environments[environment],
            partial(chain_result, x, size.nodes),
            case,
        )

    def threads(self, name: str, threads: int, session: bool) -> Contestant:
        """One that runs batches whose nodes release the lock."""
        case = {
            "project": str(write_hashing(PROJECTS / _folder(name))),
            "bytes": HASHED_BYTES,
            "nodes": HASHING_NODES,
            "threads": threads,
            "session": session,
            "batch": BATCH,
        }
        environment = self._environments["fork"]
        return Contestant(
            name, worker_module("threads"), environment, _hashed_batch, case
        )


def _folder(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def _hashed_batch(factor: int) -> list[str]:
    return [hashing_result(factor + i) for i in range(BATCH)]


FORK = "this fork, {} nodes"
FLOOR = "functions called directly, {} nodes"
BOOT = "kedro-boot, {} nodes"
HAMILTON = "Hamilton, {} nodes"
SERVICE = "KedroServiceSession, {} nodes, {} entries"
FULL_ENTRIES = "{} with arguments and metadata"
LARGE = "this fork, 3 nodes; 1000 entries, 50 other pipelines, 500 parameters"
BARE = "{}, pandas not installed"
FROM_DISK = "this fork, 3 nodes, nothing injected or preloaded"


def warm_contestants(entrants: Entrants) -> list[Contestant]:
    """All that run warm, next to those that they are compared with."""
    thousand = Size(entries=1000, other_pipelines=50, parameters=500)
    chains = []
    for n in CHAINS:
        chains += [
            entrants.chain(FORK.format(n), "fork", "fork", Size(n)),
            entrants.chain(HAMILTON.format(n), "dataflow", "plugins", Size(n)),
        ]
    for n in (CHAINS[0], CHAINS[-1]):
        size = Size(n)
        service = SERVICE.format(n, size.entries)
        chains += [
            entrants.chain(FLOOR.format(n), "functions", "plugins", size),
            entrants.chain(BOOT.format(n), "boot", "plugins", size),
            entrants.chain(service, "service", "kedro", size, inject=False),
        ]
        bare = BARE.format(FORK.format(n))
        chains += [
            entrants.chain(bare, "fork", "fork-bare", size),
            entrants.chain(BARE.format(BOOT.format(n)), "boot", "boot-bare", size),
        ]
    for n in ENTRIES:
        size = Size(entries=n, full=True)
        fork, service = (FULL_ENTRIES.format(name) for name in _by_entries(n))
        chains += [
            entrants.chain(fork, "fork", "fork", size),
            entrants.chain(service, "service", "kedro", size, inject=False),
        ]
    return [
        *chains,
        entrants.chain(LARGE, "fork", "fork", thousand),
        entrants.chain(FROM_DISK, "fork", "fork", Size(), inject=False),
        entrants.chain(
            SERVICE.format(3, 1000),
            "service",
            "kedro",
            Size(entries=1000),
            inject=False,
        ),
    ]


def _by_entries(entries: int) -> tuple[str, str]:
    return f"{FORK.format(3)}, {entries} entries", SERVICE.format(3, entries)


def warm(entrants: Entrants, effort: Effort, findings: Findings) -> None:
    """Warm runs, of few nodes and of many."""
    results = race(
        warm_contestants(entrants), effort.starts, effort.rounds, effort.budget
    )
    findings.take(results)
    findings.share = results.lowest_share()
    findings.rows += [*warm_rows(results.rounds), *per_node(results, findings)]


def warm_rows(times: Mapping[str, list[float]]) -> list[Row]:
    """The ratios of warm runs, round by round."""
    three, fifty = times[FORK.format(3)], times[FORK.format(50)]

    def against(other: str, fork: list[float]) -> Spread:
        return ratios(times[other], fork)

    return [
        times_faster(
            "a warm run of 3 nodes, against kedro-boot",
            against(BOOT.format(3), three),
            must=12,
            aim=25,
        ),
        times_faster(
            "a warm run of 3 nodes, against KedroServiceSession, 10 entries",
            against(SERVICE.format(3, 10), three),
            must=250,
            aim=500,
        ),
        times_faster(
            "a warm run of 3 nodes, against KedroServiceSession, 1000 entries",
            against(SERVICE.format(3, 1000), three),
            must=10_000,
            aim=20_000,
        ),
        *full_entries(times),
        times_the_time(
            "a warm run of 3 nodes, against Hamilton",
            ratios(three, times[HAMILTON.format(3)]),
            must=1.5,
            aim=1.0,
        ),
        Row(
            "a warm run of 3 nodes, against the functions called directly",
            f"{show_spread(ratios(three, times[FLOOR.format(3)]))} times its time",
        ),
        times_faster(
            "a warm run of 50 nodes, against kedro-boot",
            against(BOOT.format(50), fifty),
            must=15,
            aim=30,
        ),
        Row(
            "a warm run of 50 nodes, against KedroServiceSession, 10 entries",
            f"{show_spread(against(SERVICE.format(50, 10), fifty))} times faster",
        ),
        *without_pandas(times),
        times_the_time(
            "1000 entries, 50 other pipelines, 500 parameters, against 10, 1 and 5",
            ratios(times[LARGE], three),
            must=1.1,
            aim=1.0,
        ),
        times_faster(
            "nothing injected, inputs read from disk, against KedroServiceSession",
            against(SERVICE.format(3, 10), times[FROM_DISK]),
            must=20,
            aim=40,
        ),
    ]


def full_entries(times: Mapping[str, list[float]]) -> list[Row]:
    """The same where entries are as long as those of kedro's starters."""
    rows = []
    for n, must in zip(ENTRIES, (250, 10_000), strict=True):
        fork, service = (FULL_ENTRIES.format(name) for name in _by_entries(n))
        figure = FULL_ENTRIES.format(
            f"a warm run of 3 nodes, against KedroServiceSession, {n} entries"
        )
        spread = ratios(times[service], times[fork])
        rows.append(times_faster(figure, spread, must=must, aim=2 * must))
    return rows


def without_pandas(times: Mapping[str, list[float]]) -> list[Row]:
    """The same against kedro-boot where it looks for pandas in vain."""
    found = {
        n: ratios(
            times[BARE.format(BOOT.format(n))], times[BARE.format(FORK.format(n))]
        )
        for n in (CHAINS[0], CHAINS[-1])
    }
    return [
        Row(
            f"a warm run of {n} nodes, against kedro-boot, pandas not installed",
            f"{show_spread(spread)} times faster",
        )
        for n, spread in found.items()
    ]


def per_node(results: Results, findings: Findings) -> list[Row]:
    """What a node adds, and whether each adds the same."""

    def slopes(times: Mapping[str, list[float]], name: str) -> list[float]:
        chains = [times[name.format(n)] for n in CHAINS]
        return [
            slope(dict(zip(CHAINS, seconds, strict=True)))
            for seconds in zip(*chains, strict=True)
        ]

    ours = slopes(results.rounds, FORK)
    theirs = slopes(results.rounds, HAMILTON)
    theirs_fast = slopes(results.fast, HAMILTON)
    findings.seconds["this fork, for each node added"] = Spread.of(ours)
    findings.seconds["Hamilton, for each node added"] = Spread.of(theirs)
    findings.seconds["Hamilton, for each node added, its fastest tenth"] = Spread.of(
        theirs_fast
    )
    off = worst_deviation({n: median(results.rounds[FORK.format(n)]) for n in CHAINS})
    return [
        times_the_time(
            "time for each node added, 3 to 50 nodes, against Hamilton",
            ratios(ours, theirs),
            must=3,
            aim=1.5,
        ),
        Row(
            "time for each node added, against the fastest tenth of Hamilton's runs",
            f"{show_spread(ratios(ours, theirs_fast))} times its time",
        ),
        Row(
            "times of a run, farthest from a straight line at "
            f"{', '.join(map(str, CHAINS))} nodes",
            f"{100 * off:.1f} % off",
            f"at most {100 * LINEAR:.0f} %",
            "",
            verdict(off <= LINEAR, False),
        ),
    ]


def first_runs(
    environments: Mapping[str, Environment], effort: Effort, findings: Findings
) -> None:
    """The first run of a process, where kedro 1.7.0 finds pandas and where not."""
    figure = "first `create()` and run of a process, against KedroSession of 1.7.0, {}"
    for pandas, fork, release in (
        ("pandas installed and not used", "fork", "kedro"),
        ("pandas not installed", "fork-bare", "bare"),
    ):
        sides = {
            f"this fork, {pandas}": environments[fork],
            f"KedroSession of kedro 1.7.0, {pandas}": environments[release],
        }
        ours, theirs = first_run_times(sides, effort, findings)
        findings.rows.append(
            times_the_time(
                figure.format(pandas), ratios(ours, theirs), must=0.5, aim=0.35
            )
        )


def first_run_times(
    sides: Mapping[str, Environment], effort: Effort, findings: Findings
) -> list[list[float]]:
    """Seconds until the first result, in new processes that alternate.

    Args:
        sides: The environments by what to call them, the fork's first.
        effort: How often to measure.
        findings: Gets the seconds.
    """
    size = Size()
    project = write_chain(PROJECTS / "first", size)
    expected = chain_result(ON_DISK, size.nodes, 0)
    times: dict[str, list[float]] = {name: [] for name in sides}
    imports: dict[str, list[float]] = {name: [] for name in sides}
    # One more, for the modules to be compiled and the files to be in memory.
    for number in range(effort.first_runs + 1):
        for place, (name, environment) in enumerate(sides.items()):
            answer = run_once(
                name,
                environment,
                worker_module("first"),
                str(project),
                f"y{size.nodes}",
            )
            if answer["value"] != expected or answer["is_fork"] != (place == 0):
                raise PeerFailedError(f"{name} answered {answer}, not {expected}")
            if number:
                times[name].append(answer["seconds"])
                imports[name].append(answer["imports"])
    for name in sides:
        findings.seconds[f"{name}, first run of a process"] = Spread.of(times[name])
        findings.seconds[f"{name}, of which imports"] = Spread.of(imports[name])
    return list(times.values())


def two_threads(entrants: Entrants, effort: Effort, findings: Findings) -> None:
    """Whether two threads get twice as much done."""
    fork = entrants_by_threads(entrants, "this fork", session=True)
    floor = entrants_by_threads(entrants, "functions called directly", session=False)
    results = race(
        [*fork, *floor], effort.starts, effort.thread_rounds, 3 * effort.budget
    )
    findings.take(results)
    gained, possible = (
        ratios(*(results.rounds[contestant.name] for contestant in pair))
        for pair in (fork, floor)
    )
    judged = verdict(gained.median >= TWO_THREADS, False)
    # Where other work takes the processors, nothing could reach the target.
    if judged == MISSED and possible.median < TWO_THREADS:
        judged = UNTOLD
    findings.rows += [
        Row(
            "two threads, nodes that release the lock, against one thread",
            f"{show_spread(gained)} times as many runs",
            f"at least {TWO_THREADS} times",
            "",
            judged,
        ),
        Row(
            "two threads, what the functions alone gain on this machine",
            f"{show_spread(possible)} times as many",
        ),
    ]


def entrants_by_threads(
    entrants: Entrants, who: str, session: bool
) -> list[Contestant]:
    """The same in one thread and in two."""
    return [
        entrants.threads(f"{who}, {BATCH} runs in {words}", threads, session)
        for threads, words in ((1, "one thread"), (2, "two threads"))
    ]


def memory(
    environments: Mapping[str, Environment], effort: Effort, findings: Findings
) -> None:
    """What stays of many runs, and what one needs on top."""
    size = Size()
    project = write_chain(PROJECTS / "memory", size)
    case = {"project": str(project), "output": f"y{size.nodes}", "x": INJECTED}
    found = run_once(
        "memory of this fork",
        environments["fork"],
        worker_module("memory"),
        json.dumps(case),
        str(effort.memory_runs),
    )
    if found["value"] != chain_result(INJECTED, size.nodes, 7):
        raise PeerFailedError(f"memory of this fork: computed {found['value']}")
    flat = max(found["objects"], found["blocks"]) <= FEW_OBJECTS
    peak = found["peak"] / 1024
    findings.rows += [
        Row(
            f"memory: growth over {show(effort.memory_runs)} runs",
            f"{found['objects']:+} objects, {found['blocks']:+} blocks, "
            f"{found['resident'] / 1024:+.0f} KiB resident",
            f"0 (at most {FEW_OBJECTS} in all)",
            "",
            verdict(flat, False),
        ),
        Row(
            "memory: peak of one run beyond its data",
            f"{peak:.1f} KiB",
            f"a few KiB (at most {FEW_KIB})",
            "",
            verdict(peak <= FEW_KIB, False),
        ),
    ]


def measure_all(environments: Mapping[str, Environment], effort: Effort) -> Findings:
    """Run every scenario."""
    findings = Findings()
    entrants = Entrants(environments)
    print("Measuring warm runs", flush=True)
    warm(entrants, effort, findings)
    print("Measuring first runs", flush=True)
    first_runs(environments, effort, findings)
    print("Measuring two threads", flush=True)
    two_threads(entrants, effort, findings)
    print("Measuring memory", flush=True)
    memory(environments, effort, findings)
    return findings
