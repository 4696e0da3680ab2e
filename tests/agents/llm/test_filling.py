import uuid
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Optional

import anthropic
import pytest
from pydantic import AnyUrl, BaseModel, Field

from agents.llm.filling import constraint, fill


class Leaf(BaseModel):
    kind: Literal["leaf"]
    size: int = Field(ge=2, le=4)
    share: float = Field(gt=0, lt=1)
    even: int = Field(multiple_of=2, ge=3)


class Branch(BaseModel):
    kind: Literal["branch"]
    inside: list["Branch | Leaf"]
    above: Optional["Branch"]


class Everything(BaseModel):
    parts: list[Leaf | Branch] = Field(min_length=2, max_length=3)
    short: str = Field(min_length=5, max_length=10)
    code: str = Field(pattern=r"^[A-Z]+$")
    choice: Literal["one", "two", "three"]
    day: date
    moment: datetime
    hour: time
    span: timedelta
    address: AnyUrl
    number: uuid.UUID
    four: IPv4Address
    six: IPv6Address
    maybe: str | None
    flag: bool
    map: dict[str, int]


FORMS = [Leaf, Branch, Everything]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", ["", "a", "another", "third"])
def test_what_is_filled_validates(form: type[BaseModel], seed: str) -> None:
    form.model_validate(fill(form.model_json_schema(), seed=seed))


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_hints_that_the_sdk_moved_into_descriptions_are_kept(seed: str) -> None:
    class Hinted(BaseModel):
        score: int = Field(ge=3, le=5, description="A score")
        title: Annotated[str, Field(max_length=8)]
        lines: list[str] = Field(min_length=2, max_length=4)

    schema = anthropic.transform_schema(Hinted)
    assert "minimum" not in schema["properties"]["score"]
    assert constraint(schema["properties"]["score"], "minimum") == 3
    Hinted.model_validate(fill(schema, seed=seed))


def test_equal_seeds_fill_alike_and_others_do_not() -> None:
    schema = Everything.model_json_schema()
    assert fill(schema, seed="x") == fill(schema, seed="x")
    assert len({str(fill(schema, seed=str(number))) for number in range(10)}) > 5


class Form(BaseModel):
    name: str = Field(max_length=5)
    color: Literal["red", "blue"] = "red"
    note: str = "none"
    count: int = Field(ge=1, le=3)


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        ({"name": "Ada", "count": 2}, {"name": "Ada", "count": 2}),
        ({"name": "Augusta", "count": 2, "color": "blue"}, {"name": "Augus", "count": 2, "color": "blue"}),
        ({"name": "Ada", "count": 2, "strange": 1}, {"name": "Ada", "count": 2}),
    ],
)
def test_of_a_proposal_everything_is_kept_that_fits(proposed: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fill(Form.model_json_schema(), seed="s", proposed=proposed) == expected


@pytest.mark.parametrize(
    "proposed", [{"name": 7, "count": 9}, {"color": "green", "count": "many"}, [], "text", True]
)
def test_what_does_not_fit_is_replaced(proposed: object) -> None:
    Form.model_validate(fill(Form.model_json_schema(), seed="s", proposed=proposed))


def test_the_variant_is_chosen_by_its_constant() -> None:
    branch = {"kind": "branch", "inside": [{"kind": "leaf", "size": 3, "share": 0.5, "even": 4}], "above": None}
    filled = fill(Branch.model_json_schema(), seed="s", proposed=branch)
    assert filled["inside"] == branch["inside"]


def test_a_proposal_may_lie_deeper_than_what_is_made_up() -> None:
    deep: dict[str, Any] = {"kind": "leaf", "size": 3, "share": 0.5, "even": 4}
    for _ in range(12):
        deep = {"kind": "branch", "inside": [deep], "above": None}
    assert fill(Branch.model_json_schema(), seed="s", proposed=deep) == deep
