"""Commands of a project: ``kedro run``, ``kedro package`` and ``kedro ipython``."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kedro import KedroDeprecationWarning
from kedro.framework.cli.utils import (
    KedroCliError,
    _check_module_importable,
    _config_file_callback,
    _split_load_versions,
    _split_params,
    call,
    env_option,
    forward_command,
    split_node_names,
    split_string,
    validate_conf_source,
)
from kedro.framework.project import settings
from kedro.framework.session.abstract_session import KedroSessionError
from kedro.framework.session.run_id import check_run_id
from kedro.framework.session.session import KedroSession
from kedro.utils import load_obj

if TYPE_CHECKING:
    from kedro.framework.startup import ProjectMetadata

CONF_SOURCE_HELP = "Folder, archive or URL to take the project's configuration from."
PARAMS_ARG_HELP = """Parameters that take precedence over the configured ones:
key=value, separated by commas. Keys with dots in them mean nested
parameters, as in model.alpha=0.1. Values may contain colons."""
_RUN_ID_HELP = """Identifier of the run, under which versioned datasets are saved.
Generated if not given."""


@click.group(name="kedro")
def project_group() -> None:
    """Commands of a Kedro project."""


@forward_command(  # type: ignore[untyped-decorator]
    project_group, forward_help=True
)
@env_option
@click.pass_obj
def ipython(metadata: ProjectMetadata, /, env: str, args: Any, **kwargs: Any) -> None:
    """Open IPython with the project's `context`, `catalog`, `session` and `pipelines`.

    The line magic `%reload_kedro` loads them again, and tells what is wrong if one
    of them is missing.
    """
    _check_module_importable("IPython")
    if env:
        os.environ["KEDRO_ENV"] = env
    call(["ipython", "--ext", "kedro.ipython", *args])


@project_group.command()
@click.pass_obj
def package(metadata: ProjectMetadata) -> None:
    """Put the project into a wheel, and its configuration into an archive beside it.

    Both are written to `dist/`. What is in `conf/local` stays out.
    """
    folder, target = metadata.project_path, "dist"
    if not (folder / "pyproject.toml").is_file():
        # Projects of old layouts keep what describes the package under `src`.
        folder, target = metadata.source_dir, "../dist"
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", target]
    call(build, cwd=str(folder))

    conf = Path(settings.CONF_SOURCE)
    conf_parent = metadata.project_path if str(conf) == "conf" else conf.parent
    archive = f"dist/conf-{metadata.package_name}.tar.gz"
    exclude, directory = "--exclude=local/*.yml", f"--directory={conf_parent}"
    call(["tar", exclude, "-czf", archive, directory, conf.stem])


def _names(*flags: str, help: str, callback: Any = split_string) -> Any:
    """An option that takes names, separated by commas."""
    return click.option(*flags, type=str, default="", help=help, callback=callback)


def _key_values(flag: str, help: str) -> Any:
    """An option that takes keys and values."""
    return click.option(
        flag, type=click.UNPROCESSED, default="", help=help, callback=_split_params
    )


def _check_run_id(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    try:
        return check_run_id(value)
    except KedroSessionError as exc:
        raise click.BadParameter(str(exc), ctx, param) from exc


_RUN_OPTIONS = [
    _names("--from-inputs", help="Start from nodes that use these datasets."),
    _names("--to-outputs", help="Stop at nodes that produce these datasets."),
    _names("--from-nodes", help="Start from these nodes.", callback=split_node_names),
    _names("--to-nodes", help="Stop at these nodes.", callback=split_node_names),
    _names(
        "--nodes",
        "-n",
        "node_names",
        help="Run only these nodes.",
        callback=split_node_names,
    ),
    click.option(
        "--runner",
        "-r",
        type=str,
        default=None,
        help="""Runner to use: SequentialRunner, ParallelRunner, ThreadRunner, or the
        path of a class.""",
    ),
    click.option(
        "--async",
        "is_async",
        is_flag=True,
        help="Deprecated: load and save in threads. Use --runner-params.",
    ),
    _key_values(
        "--runner-params",
        "Arguments of the runner, as in max_workers=4,is_async=True.",
    ),
    env_option,
    _names("--tags", "-t", help="Run only nodes that have one of these tags."),
    click.option(
        "--load-versions",
        "-lv",
        type=str,
        default="",
        help="Versions to load, as in dataset:version, separated by commas.",
        callback=_split_load_versions,
    ),
    click.option(
        "--pipeline",
        "-p",
        type=str,
        default=None,
        help="Deprecated: registered pipeline to run. Use --pipelines.",
    ),
    _names(
        "--pipelines",
        help="Registered pipelines to run; `__default__` if none is named.",
    ),
    _names(
        "--namespaces",
        "-ns",
        help="Run only nodes in these namespaces.",
        callback=split_node_names,
    ),
    click.option(
        "--config",
        "-c",
        type=click.Path(exists=True, dir_okay=False, resolve_path=True),
        help="YAML file with arguments of this command; those given here win.",
        callback=_config_file_callback,
    ),
    click.option("--conf-source", callback=validate_conf_source, help=CONF_SOURCE_HELP),
    _key_values("--params", PARAMS_ARG_HELP),
    click.option(
        "--only-missing-outputs",
        is_flag=True,
        help="Leave out nodes whose persisted outputs all exist.",
    ),
    click.option("--run-id", default=None, help=_RUN_ID_HELP, callback=_check_run_id),
]


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


@project_group.command()
@_run_options
def run(
    tags: str,
    env: str,
    runner: str,
    is_async: bool,
    runner_params: dict[str, Any],
    node_names: str,
    to_nodes: str,
    from_nodes: str,
    from_inputs: str,
    to_outputs: str,
    load_versions: dict[str, str] | None,
    pipeline: str,
    pipelines: list[str],
    config: str,
    conf_source: str,
    params: dict[str, Any],
    namespaces: str,
    only_missing_outputs: bool,
    run_id: str | None,
) -> dict[str, Any]:
    """Run the pipeline."""
    runner_class = load_obj(runner or "SequentialRunner", "kedro.runner")
    create_kwargs: dict[str, Any] = {"env": env, "conf_source": conf_source}
    run_kwargs: dict[str, Any] = {
        "tags": tuple(tags),
        "runner": runner_class(**_resolve_runner_kwargs(is_async, runner_params)),
        "pipeline_names": _pipelines_to_run(pipeline, pipelines),
        "node_names": tuple(node_names),
        "namespaces": namespaces,
        "from_nodes": from_nodes,
        "to_nodes": to_nodes,
        "from_inputs": from_inputs,
        "to_outputs": to_outputs,
        "load_versions": load_versions,
        "only_missing_outputs": only_missing_outputs,
    }
    if run_id is not None:
        run_kwargs["run_id"] = run_id
    # A session class that is no `KedroSession` takes parameters with the run only.
    is_session = issubclass(settings.SESSION_CLASS, KedroSession)
    (create_kwargs if is_session else run_kwargs)["runtime_params"] = params

    with settings.SESSION_CLASS.create(**create_kwargs) as session:
        result: dict[str, Any] = session.run(**run_kwargs)
    return result


def _pipelines_to_run(pipeline: str | None, pipelines: list[str]) -> list[str]:
    if pipeline and pipelines:
        raise KedroCliError(
            "Options '--pipeline' and '--pipelines' cannot be used together"
        )
    if not pipeline:
        return list(dict.fromkeys(pipelines))
    warnings.warn(
        "Option '--pipeline' is deprecated and will be removed in a future release. "
        "Please use '--pipelines' instead.",
        KedroDeprecationWarning,
        stacklevel=2,
    )
    return [pipeline]


def _resolve_runner_kwargs(
    is_async: bool, runner_params: dict[str, Any]
) -> dict[str, Any]:
    if not is_async:
        return {"is_async": False, **runner_params}
    warnings.warn(
        "Option '--async' is deprecated and will be removed in Kedro 2.0. "
        "Please use '--runner-params=is_async=True' instead.",
        KedroDeprecationWarning,
        stacklevel=2,
    )
    if not runner_params.get("is_async", True):
        raise KedroCliError(
            "Options '--async' and '--runner-params=is_async=False' "
            "cannot be used together."
        )
    return {**runner_params, "is_async": True}
