"""Artifacts: preloading and releasing."""

from __future__ import annotations

from behave import step, then, when
from behave.runner import Context

from kedro.framework.session.artifacts import ArtifactInfo
from support.tables import names


@step("the session preloads: {artifacts}")
def preload(context: Context, artifacts: str) -> None:
    context.world.session.preload(names(artifacts))


@step('the session preloads, with the copy mode "{copy_mode}": {artifacts}')
def preload_copies(context: Context, copy_mode: str, artifacts: str) -> None:
    context.world.session.preload(names(artifacts), copy_mode=copy_mode)


@step('the session preloads what is worth it for "{pipeline}"')
def preload_what_is_worth_it(context: Context, pipeline: str) -> None:
    context.world.session.preload(pipeline_names=[pipeline])


@when("preloading is tried: {artifacts}")
def try_preload(context: Context, artifacts: str) -> None:
    session = context.world.session
    context.world.attempt(lambda: session.preload(names(artifacts)))


@when("the session releases: {artifacts}")
def release(context: Context, artifacts: str) -> None:
    context.world.session.release_cache(names(artifacts))


@when("the session releases everything")
def release_all(context: Context) -> None:
    context.world.session.release_cache()


@when("releasing is tried: {artifacts}")
def try_release(context: Context, artifacts: str) -> None:
    session = context.world.session
    context.world.attempt(lambda: session.release_cache(names(artifacts)))


@then("the artifacts are: {artifacts}")
def artifacts_are(context: Context, artifacts: str) -> None:
    expected = [] if artifacts == "none" else names(artifacts)
    actual = [info.name for info in context.world.session.cache_info()]
    assert actual == expected, actual


@then("the cache lists")
def cache_lists(context: Context) -> None:
    actual = [
        {"name": info.name, "type": info.type, "hits": str(info.hits)}
        for info in context.world.session.cache_info()
    ]
    assert actual == [dict(row.items()) for row in context.table], actual


@then("each artifact tells when it was loaded, and how long that took")
def load_times_are_known(context: Context) -> None:
    infos = context.world.session.cache_info()
    assert infos
    assert all(info.load_seconds > 0 and info.loaded_at for info in infos), infos


@then('the artifact "{name}" has {hits:d} hit')
@then('the artifact "{name}" has {hits:d} hits')
def artifact_has_hits(context: Context, name: str, hits: int) -> None:
    infos: dict[str, ArtifactInfo] = {
        info.name: info for info in context.world.session.cache_info()
    }
    assert infos[name].hits == hits, infos[name]
