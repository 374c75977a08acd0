"""Figures, each beside the mark that it has to reach: shown in the terminal, kept for the docs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

KEPT = Path(__file__).parents[1] / "docs" / "figures"
"""`docs/performance.md` shows what lies here: `make figures`."""


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    ours: str
    beside: str
    """What it is compared with."""
    value: float
    mark: float | None
    """The largest `value` that keeps the promise; None: a figure for comparison, not promised."""
    unit: str = "×"
    at_least: bool = False
    """The mark is the smallest value instead."""

    @property
    def met(self) -> bool:
        if self.mark is None:
            return True
        return self.value >= self.mark if self.at_least else self.value <= self.mark

    @property
    def row(self) -> tuple[str, str, str, str, str, str]:
        """What, Studium, beside, figure, mark, met."""
        unit = self.unit if self.unit == "×" else f" {self.unit}"
        digits = 0 if abs(self.value) >= 100 else 2
        value = f"{self.value:,.{digits}f}{unit}".strip()
        if self.mark is None:
            return self.what, self.ours, self.beside, value, "–", ""
        mark = f"{'≥' if self.at_least else '≤'} {self.mark:,g}{unit}".strip()
        return self.what, self.ours, self.beside, value, mark, "yes" if self.met else "NO"


def show(name: str, title: str, figures: list[Figure]) -> bool:
    """Whether every mark is met. Kept as `docs/figures/{name}.json`."""
    table = Table(title, "Studium", "beside", "figure", "mark", "met")
    for each in figures:
        table.add_row(*each.row)
    Console(width=140).print(table)
    KEPT.mkdir(exist_ok=True)
    kept = {"title": title, "figures": [asdict(each) for each in figures]}
    (KEPT / f"{name}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    return all(each.met for each in figures)


def kept(name: str) -> tuple[str, list[Figure]]:
    """The title and the figures of the last run."""
    found = json.loads((KEPT / f"{name}.json").read_text())
    return found["title"], [Figure(**each) for each in found["figures"]]
