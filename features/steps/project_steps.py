"""The project and its files."""

from __future__ import annotations

from behave import given, step, then
from behave.runner import Context

from support.project import NodeRow
from support.tables import frame, names, value


@given("a project with these nodes")
def write_nodes(context: Context) -> None:
    context.world.project.register(
        NodeRow(row["pipeline"], row["node"], names(row["reads"]), names(row["writes"]))
        for row in context.table
    )


@step('the file "{path}" contains')
def write_file(context: Context, path: str) -> None:
    if context.table:
        context.world.project.write_table(path, frame(context.table))
    else:
        context.world.project.write(path, context.text)


@step('the file "{path}" is deleted')
def delete_file(context: Context, path: str) -> None:
    (context.world.project.root / path).unlink()


@then('the file "{path}" does not exist')
def file_is_missing(context: Context, path: str) -> None:
    assert not (context.world.project.root / path).exists()


@then('the file "{path}" holds {expected}')
def file_holds(context: Context, path: str, expected: str) -> None:
    actual = context.world.project.read_json(path)
    assert actual == value(expected), actual


@then('the file "{path}" holds')
def file_holds_text(context: Context, path: str) -> None:
    file_holds(context, path, context.text)


@then('the file "{path}" was read {count:d} time')
@then('the file "{path}" was read {count:d} times')
def file_was_read(context: Context, path: str, count: int) -> None:
    actual = context.file_reads.of(context.world.project.root / path)
    assert actual == count, actual


@then('the versions of "{path}" are: {versions}')
def versions_are(context: Context, path: str, versions: str) -> None:
    expected = [] if versions == "none" else names(versions)
    actual = context.world.project.versions(path)
    assert actual == expected, actual


@then('the versions of "{path}" are {count:d} letters "{letter}"')
def version_is_long(context: Context, path: str, count: int, letter: str) -> None:
    assert context.world.project.versions(path) == [letter * count]


@then('the only version of "{path}" is the run id of the result')
def version_is_run_id(context: Context, path: str) -> None:
    actual = context.world.project.versions(path)
    assert actual == [context.world.result().run_id], actual
