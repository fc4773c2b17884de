"""Parameters that nodes ask for by a type, in runs that bring their own."""

from __future__ import annotations

import pytest

from kedro.validation.exceptions import ParameterValidationError

LOOK = """
    from kedro.pipeline import node, pipeline
    from pydantic import BaseModel


    class Tree(BaseModel):
        depth: int
        leaves: list[int] = []


    def look(tree: Tree):
        return type(tree).__name__, tree.depth


    def register_pipelines():
        return {"__default__": pipeline([node(look, "params:tree", "seen")])}
"""


@pytest.fixture
def session(open_session):
    return open_session(LOOK, parameters="tree: {depth: 3}")


def test_are_made_of_what_the_run_brings(session):
    assert session.run().outputs["seen"] == ("Tree", 3)
    result = session.run(runtime_params={"tree": {"depth": 8}})
    assert result.outputs["seen"] == ("Tree", 8)
    assert session.run().outputs["seen"] == ("Tree", 3)


def test_that_do_not_fit_fail_only_the_run_that_brings_them(session):
    with pytest.raises(ParameterValidationError, match="depth"):
        session.run(runtime_params={"tree": {"depth": "deep"}})
    assert session.run().outputs["seen"] == ("Tree", 3)
