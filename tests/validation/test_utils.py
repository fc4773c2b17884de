"""Helpers of the validation of parameters."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional, Union

import pydantic
import pytest

from kedro.validation import utils
from kedro.validation.exceptions import ParameterValidationError


class Model(pydantic.BaseModel):
    a: int
    b: str = "b"


@dataclasses.dataclass
class Data:
    a: int


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (Model(a=1), {"a": 1, "b": "b"}),
        (Data(2), {"a": 2}),
        (Model, None),
        (Data, None),
        ({"a": 1}, None),
        (None, None),
    ],
)
def test_fields(value: Any, fields: Any) -> None:
    assert utils.get_typed_fields(value) == fields


def test_models() -> None:
    assert utils.is_pydantic_class(Model)
    assert utils.is_pydantic_model(Model(a=1))
    for other in (Data, int, None, "text", Model | None):
        assert not utils.is_pydantic_class(other)
        assert not utils.is_pydantic_model(other)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", {"b": {"c": None}}),
        ("a.b.c", None),
        ("x.y", 1),
        ("a.c", utils._MISSING),
        ("absent", utils._MISSING),
        ("a.b.c.d", utils._MISSING),
    ],
)
def test_finding_nested_values(path: str, found: Any) -> None:
    data = {"a": {"b": {"c": None}}, "x.y": 1, "x": {"y": 2}}
    assert utils.resolve_nested_dict_path(data, path) == found


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("x.y", {"a": {"b": 1}, "x.y": 9}),
        ("a.b", {"a": {"b": 9}, "x.y": 1}),
        ("a.c.d", {"a": {"b": 1, "c": {"d": 9}}, "x.y": 1}),
        ("n", {"a": {"b": 1}, "x.y": 1, "n": 9}),
    ],
)
def test_setting_nested_values(path: str, result: Any) -> None:
    data = {"a": {"b": 1}, "x.y": 1}
    utils.set_nested_dict_value(data, path, 9)
    assert data == result


def test_setting_below_a_value_is_an_error() -> None:
    with pytest.raises(ParameterValidationError, match="intermediate key 'b'"):
        utils.set_nested_dict_value({"a": {"b": 1}}, "a.b.c", 2)


@pytest.mark.parametrize(
    ("annotation", "inner", "optional"),
    [
        (Optional[int], int, True),  # noqa: UP045
        (int | None, int, True),
        (Union[int, str, None], Union[int, str, None], True),  # noqa: UP007
        (int | str, int | str, False),
        (int, int, False),
        (list[int], list[int], False),
    ],
)
def test_optional_types(annotation: Any, inner: Any, optional: bool) -> None:
    assert utils._unwrap_optional(annotation) == inner
    assert utils._is_optional(annotation) is optional
