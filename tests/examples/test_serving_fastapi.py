"""The FastAPI example behind a real server, asked by many at once."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

CALLERS = 12
REQUESTS = 300
BUFFER = 0.25
PARCEL = {"distance_km": 4, "weight_kg": 2}


@pytest.fixture(scope="module")
def project(copy_example, kedro_run):
    project = copy_example("serving-fastapi")
    kedro_run(project)
    return project


@pytest.fixture(scope="module")
def server(project, start_server):
    return start_server(project, "/health", "uvicorn", "app:app", "--port", "PORT")


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def model_of(project) -> dict[str, float]:
    return json.loads((project / "data" / "model.json").read_text())


def expected(model, order) -> list[int]:
    return [
        round(
            (
                model["at_the_door"]
                + model["per_km"] * parcel["distance_km"]
                + model["per_kg"] * parcel["weight_kg"]
            )
            * (1 + order.get("buffer", BUFFER))
        )
        for parcel in order["parcels"]
    ]


def some_orders(prefix: str, number: int) -> list[dict]:
    numbers = random.Random(prefix)
    orders = []
    for index in range(number):
        parcels = [
            {"distance_km": numbers.uniform(0, 30), "weight_kg": numbers.uniform(1, 20)}
            for _ in range(numbers.randint(1, 5))
        ]
        order = {"parcels": parcels, "run_id": f"{prefix}-{index}"}
        if index % 3:
            order["buffer"] = numbers.random()
        orders.append(order)
    return orders


def artifact(client) -> dict:
    [artifact] = client.get("/health").json()["artifacts"]
    return artifact


def test_requests_at_once_do_not_see_each_other(project, client):
    orders = some_orders("crowd", REQUESTS)
    hits = artifact(client)["hits"]

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(lambda o: client.post("/promises", json=o), orders))

    model = model_of(project)
    for order, answer in zip(orders, answers, strict=True):
        assert answer.status_code == 200
        assert answer.json() == {
            "run_id": order["run_id"],
            "minutes": expected(model, order),
        }
    assert artifact(client)["hits"] == hits + REQUESTS


def test_run_ids_are_generated_where_not_given(client):
    answers = [client.post("/promises", json={"parcels": [PARCEL]}) for _ in range(5)]

    run_ids = [answer.json()["run_id"] for answer in answers]
    assert run_ids == sorted(set(run_ids))


@pytest.mark.parametrize(
    ("order", "status", "message"),
    [
        ({"parcels": [PARCEL], "run_id": "../etc"}, 400, "contains a path separator"),
        ({"parcels": [PARCEL], "run_id": ""}, 400, "is empty"),
        ({"parcels": []}, 422, "at least 1 item"),
        ({"parcels": [{"distance_km": 4}]}, 422, "Field required"),
        ({"parcels": [PARCEL], "buffer": 7}, 422, "less than or equal to 1"),
        ({"parcels": [PARCEL], "model": {}}, 422, "Extra inputs are not permitted"),
        (
            {"parcels": [PARCEL], "runtime_params": {"deliveries": {}}},
            422,
            "Extra inputs are not permitted",
        ),
    ],
)
def test_bad_input_is_refused_and_the_session_goes_on(client, order, status, message):
    hits = artifact(client)["hits"]

    refused = client.post("/promises", json=order)

    assert refused.status_code == status
    assert message in json.dumps(refused.json())
    assert artifact(client)["hits"] == hits
    assert client.post("/promises", json={"parcels": [PARCEL]}).status_code == 200


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_a_number_that_is_none_is_refused(client, number):
    order = f'{{"parcels": [{{"distance_km": {number}, "weight_kg": 2}}]}}'

    refused = client.post(
        "/promises", content=order, headers={"content-type": "application/json"}
    )

    assert refused.status_code == 422
    [problem] = refused.json()["detail"]
    assert problem["loc"] == ["body", "parcels", 0, "distance_km"]


def test_a_new_model_is_swapped_in_while_requests_come(project, client, kedro_run):
    before = model_of(project)
    kedro_run(project, "--params", "deliveries.random_state=8,deliveries.number=20")
    after = model_of(project)
    orders = some_orders("swap", REQUESTS)
    swapped = threading.Event()

    def ask(order):
        answer = client.post("/promises", json=order).json()["minutes"]
        return swapped.is_set(), answer

    with ThreadPoolExecutor(CALLERS) as callers:
        asked = [callers.submit(ask, order) for order in orders]
        # In the midst of them.
        asked[REQUESTS // 3].result()
        answer = client.put("/model")
        swapped.set()
        late = ask({"parcels": [PARCEL]})
        answers = [future.result() for future in asked]

    assert answer.status_code == 200
    assert answer.json()[0]["type"] == "builtins.dict"
    assert late[1] == expected(after, {"parcels": [PARCEL]})
    assert late[1] != expected(before, {"parcels": [PARCEL]})
    for order, (_, minutes) in zip(orders, answers, strict=True):
        assert minutes in (expected(before, order), expected(after, order))


def test_a_broken_model_is_refused_and_the_former_one_goes_on(project, client):
    path = project / "data" / "model.json"
    model = model_of(project)
    loaded_at = artifact(client)["loaded_at"]
    path.write_text("{")
    try:
        refused = client.put("/model")
    finally:
        path.write_text(json.dumps(model))

    assert refused.status_code == 503
    assert "The former model goes on" in refused.json()["detail"]
    assert artifact(client)["loaded_at"] == loaded_at
    answer = client.post("/promises", json={"parcels": [PARCEL]})
    assert answer.json()["minutes"] == expected(model, {"parcels": [PARCEL]})


def test_health_tells_of_the_session_and_its_memory(client):
    first, second = (client.get("/health").json() for _ in range(2))

    assert first["status"] == "ok"
    assert first["session_id"] == second["session_id"]
    [artifact] = first["artifacts"]
    assert artifact["name"] == "model"
    assert artifact["load_seconds"] > 0


def test_answers_what_has_begun_and_closes_the_session_when_asked_to_stop(
    project, start_server
):
    server = start_server(project, "/health", "uvicorn", "app:app", "--port", "PORT")
    model = model_of(project)
    orders = some_orders("last", REQUESTS)
    asked_to_stop = threading.Event()
    # Certificates take long to read, and are not needed here.
    post = partial(httpx.post, timeout=30, verify=False, trust_env=False)

    def ask(order):
        # Connections of their own, as a server that stops closes idle ones.
        try:
            answer = post(f"{server.url}/promises", json=order)
        except httpx.TransportError:
            # Only a server that was asked to stop refuses connections.
            return None if asked_to_stop.is_set() else "refused"
        return answer.status_code, answer.json()["minutes"]

    with ThreadPoolExecutor(CALLERS) as callers:
        asked = [callers.submit(ask, order) for order in orders]
        asked[CALLERS].result()
        asked_to_stop.set()
        server.stop()
        answers = [future.result() for future in asked]

    answered = [
        (order, answer)
        for order, answer in zip(orders, answers, strict=True)
        if answer is not None
    ]
    assert len(answered) > CALLERS
    for order, answer in answered:
        assert answer == (200, expected(model, order))
    # Nothing that the server has begun to answer was cut off.
    assert server.printed().count('"POST /promises HTTP/1.1" 200') == len(answered)
    assert "Application shutdown complete." in server.printed()
    assert "Traceback" not in server.printed()
