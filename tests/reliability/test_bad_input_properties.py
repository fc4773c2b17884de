"""Any value for any argument of ``run``: refused before anything runs, or used.

``fuzz.py`` has the same property, with a search that is guided by coverage.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kedro.framework.session import KedroSessionError
from tests.reliability.odd_values import FILES, Fuzzed, odd_value

MANY = settings(
    deadline=None,
    max_examples=150 * int(os.environ.get("KEDRO_SOAK") or 1),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def fuzzed(make_project):
    fuzzed = Fuzzed(make_project(FILES))
    yield fuzzed
    fuzzed.close()


def test_any_bytes_give_arguments_that_do_no_harm(fuzzed):
    @MANY
    @given(st.binary(max_size=400))
    def does_no_harm(data: bytes) -> None:
        fuzzed.try_bytes(data)

    does_no_harm()
    assert fuzzed.outcomes["ended"] > 0
    assert fuzzed.outcomes["refused"] > 0


class Odd(str):
    """Text that answers for itself."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other):
        raise OSError("asked whether it is equal")

    def __contains__(self, part):
        return False

    def __len__(self):
        return 1

    def __repr__(self):
        raise OSError("asked for its repr")

    __str__ = __repr__


def test_text_of_a_class_that_answers_for_itself(fuzzed):
    result = fuzzed.session.run(run_id=Odd("odd"), runtime_data={"data": 1})
    assert (result.run_id, type(result.run_id)) == ("odd", str)
    for run_id in ("../up", "a\0b", "x" * 300):
        with pytest.raises(KedroSessionError, match="`run_id`"):
            fuzzed.session.run(run_id=Odd(run_id), runtime_data={"data": 1})
        with pytest.raises(KedroSessionError, match="not allowed"):
            fuzzed.session.run(load_versions={"versions": Odd("../up")})


def nested(depth):
    value = inner = {}
    for _ in range(depth):
        inner["deep"] = inner = {}
    return value


def itself():
    value = {"list": []}
    value["list"].append(value)
    return value


@pytest.mark.parametrize(
    "value", [nested(60), nested(100_000), itself()], ids=["60", "100000", "itself"]
)
def test_parameters_that_are_nested_too_deeply(fuzzed, value):
    with pytest.raises(KedroSessionError, match="nested in more than 50 levels"):
        fuzzed.session.run(runtime_params={"text": value}, runtime_data={"data": 1})
    assert fuzzed.ran() == []


def test_parameters_may_be_nested(fuzzed):
    value = nested(49)
    result = fuzzed.session.run(
        runtime_params={"text": value, "other": "${text}"}, runtime_data={"data": 1}
    )
    assert result.outputs["seen"][1] == value


def test_parameters_that_refer_to_one_list_many_times(fuzzed):
    value = []
    for _ in range(20):
        value = [value, value]
    fuzzed.session.run(runtime_data={"data": value})
    value.append(value)
    with pytest.raises(KedroSessionError, match="nested in more than 50 levels"):
        fuzzed.session.run(runtime_params={"text": value}, runtime_data={"data": 1})


def test_parameters_that_cannot_be_shown(fuzzed):
    # Python refuses to write out numbers of so many digits.
    number = 10**5000
    for name in ("__default__", "keep"):
        result = fuzzed.session.run(
            pipeline_names=[name],
            runtime_params={"number": number},
            runtime_data={"data": number},
        )
        assert len(result) == 1


class Fails:
    def __deepcopy__(self, memo):
        raise OSError("not to be copied")


@pytest.mark.parametrize("value", [Fails(), (n for n in "ab"), [open]], ids=type)
def test_parameters_that_cannot_be_copied_or_configured(fuzzed, value):
    with pytest.raises(Exception, match=r"cannot be copied|not a supported primitive"):
        fuzzed.session.run(runtime_params={"text": value}, runtime_data={"data": 1})
    assert fuzzed.ran() == []


def test_what_the_fuzzer_makes_is_various():
    randomly = random.Random(1)
    made = {type(odd_value(randomly.randbytes(40))).__name__ for _ in range(500)}
    assert {"str", "int", "dict", "list", "NoneType", "Awkward"} <= made
