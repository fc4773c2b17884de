"""Answers HTTP requests from one Kedro session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from kedro.framework.session import KedroSession, KedroSessionError
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

PROJECT = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One session, from before the first request until after the last."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, save_on_close=False) as session:
        session.preload(["model"])
        app.state.session = session
        yield


app = FastAPI(title="Delivery times", lifespan=lifespan)


class Strict(BaseModel):
    """What comes from a caller, with no field that the endpoint does not name."""

    model_config = ConfigDict(extra="forbid")


class Parcel(Strict):
    distance_km: float = Field(ge=0, le=100)
    weight_kg: float = Field(gt=0, le=50)


class Order(Strict):
    parcels: list[Parcel] = Field(min_length=1, max_length=1000)
    buffer: float | None = Field(None, ge=0, le=1)
    run_id: str | None = None


class Promise(BaseModel):
    run_id: str
    minutes: list[int]


def the_session(request: Request) -> KedroSession:
    """The session that was opened when the server started."""
    session: KedroSession = request.app.state.session
    return session


Session = Annotated[KedroSession, Depends(the_session)]


# With `def`, FastAPI calls it in a thread; a run would hold up an `async def`.
@app.post("/promises")
def promise(order: Order, session: Session) -> Promise:
    """One run for each request, apart from all others."""
    params = {} if order.buffer is None else {"buffer": order.buffer}
    result = session.run(
        pipeline_names=["serving"],
        runtime_data={"parcels": [parcel.model_dump() for parcel in order.parcels]},
        runtime_params=params,
        run_id=order.run_id,
    )
    return Promise(run_id=result.run_id, minutes=result.outputs["promised"])


@app.put("/model")
def swap_model(session: Session) -> list[dict[str, Any]]:
    """Take the model that is in storage; requests under way keep the one they have."""
    try:
        session.preload(["model"])
    except DatasetError as error:
        raise HTTPException(503, f"The former model goes on: {error}") from error
    return artifacts(session)


@app.get("/health")
def health(session: Session) -> dict[str, Any]:
    """What a load balancer or an operator wants to know."""
    return {
        "status": "closed" if session.closed else "ok",
        "session_id": session.session_id,
        "artifacts": artifacts(session),
    }


@app.exception_handler(KedroSessionError)
def bad_request(request: Request, error: KedroSessionError) -> JSONResponse:
    """What the session refuses before anything runs, such as an unsafe `run_id`."""
    return JSONResponse({"detail": str(error)}, status_code=400)


@app.exception_handler(RequestValidationError)
def bad_fields(request: Request, error: RequestValidationError) -> JSONResponse:
    """Not with what was sent: `NaN` and `1e999` cannot be sent back as JSON."""
    problems = [
        {key: problem[key] for key in ("type", "loc", "msg")}
        for problem in error.errors()
    ]
    return JSONResponse({"detail": problems}, status_code=422)


def artifacts(session: KedroSession) -> list[dict[str, Any]]:
    return [asdict(artifact) for artifact in session.cache_info()]
