"""The first run of a process, from before kedro is imported until its result is there.

The same for the fork and for kedro 1.7.0. Nothing but the clock is imported before the
clock is started.
"""

from time import perf_counter


def main() -> None:
    start = perf_counter()
    import logging
    import sys
    from pathlib import Path

    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    imported = perf_counter()
    logging.disable(logging.INFO)
    project, output = Path(sys.argv[1]), sys.argv[2]
    bootstrap_project(project)
    with KedroSession.create(project) as session:
        value = session.run()[output].load()
        done = perf_counter()

    import json

    times = {"seconds": done - start, "imports": imported - start}
    is_fork = hasattr(KedroSession, "preload")
    print(json.dumps({**times, "value": value, "is_fork": is_fork}))


if __name__ == "__main__":
    main()
