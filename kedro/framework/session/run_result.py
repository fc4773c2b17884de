"""What a run returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from threading import RLock
from typing import Any

from kedro.io import AbstractDataset


class RunOutputs(Mapping[str, Any]):
    """Loaded data by output name.

    Args:
        datasets: Dataset by output name.
    """

    def __init__(self, datasets: Mapping[str, AbstractDataset[Any, Any]]) -> None:
        self._datasets = datasets
        self._loaded: dict[str, Any] = {}
        self._loading = RLock()

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
        self._loading = RLock()

    def __repr__(self) -> str:
        return f"RunOutputs({', '.join(self)})"


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
        self.outputs: Mapping[str, Any] = RunOutputs(dict(datasets))

    def __repr__(self) -> str:
        return (
            f"RunResult(run_id={self.run_id!r}, duration={self.duration:.3g} s, "
            f"outputs=[{', '.join(self)}])"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(type(dataset).__name__)}</td></tr>"
            for name, dataset in self.items()
        )
        caption = f"run {escape(self.run_id)}, {self.duration:.3g} s"
        return (
            f"<table><caption>{caption}</caption>"
            f"<tr><th>output</th><th>type</th></tr>{rows}</table>"
        )
