"""What a run returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from kedro.io import AbstractDataset

from .tables import Cell, html_table, seconds, some_of


class RunOutputs(Mapping[str, Any]):
    """Loaded data by output name.

    Args:
        datasets: Dataset by output name.
    """

    def __init__(self, datasets: Mapping[str, AbstractDataset[Any, Any]]) -> None:
        self._datasets = datasets
        self._loaded: dict[str, Any] = {}
        self._loading = Lock()

    def __getitem__(self, name: str) -> Any:
        if name not in self._datasets:
            raise KeyError(
                f"'{name}' is not an output of the run; its outputs are: "
                f"{', '.join(map(repr, self._datasets)) or 'none'}."
            )
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = self._datasets[name].load()
            return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._datasets

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def __getstate__(self) -> dict[str, Any]:
        return {"_datasets": self._datasets, "_loaded": self._loaded}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._loading = Lock()

    def __repr__(self) -> str:
        return f"RunOutputs({some_of(self)})"


class RunResult(dict[str, AbstractDataset[Any, Any]]):
    """Output datasets of a run by name, and what there is to know about the run.

    Attributes:
        run_id: Identifier of the run.
        session_id: Identifier of the session.
        duration: How long the run took, in seconds.
        outputs: Loaded data by output name; loaded on first access, then kept.

    Example:
        ```python
        result = session.run(pipeline_names=["serve"])
        result.outputs["report"]
        ```
    """

    def __init__(
        self,
        datasets: Mapping[str, AbstractDataset[Any, Any]],
        *,
        run_id: str,
        session_id: str,
        duration: float,
    ) -> None:
        super().__init__(datasets)
        self.run_id = run_id
        self.session_id = session_id
        self.duration = duration
        # Without a reference back to the result, for its data to be freed with it.
        self.outputs: Mapping[str, Any] = RunOutputs(datasets)

    def __repr__(self) -> str:
        return (
            f"RunResult(run_id={self.run_id!r}, duration={seconds(self.duration)} s, "
            f"outputs=[{some_of(self)}])"
        )

    def _repr_html_(self) -> str:
        return html_table(
            [(Cell(name), _type_of(dataset)) for name, dataset in self.items()],
            head=("output", "type"),
            caption=f"run {self.run_id}, {seconds(self.duration)} s",
        )


def _type_of(dataset: AbstractDataset[Any, Any]) -> Cell:
    cls = type(dataset)
    return Cell(cls.__name__, title=f"{cls.__module__}.{cls.__qualname__}")
