"""A table of figures, each beside the mark that it has to reach."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    ours: str
    beside: str
    """What it is compared with."""
    value: float
    mark: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.value <= self.mark


def show(title: str, figures: list[Figure]) -> bool:
    """Whether every mark is met."""
    table = Table(title, "Studium", "beside", "figure", "mark", "met")
    for each in figures:
        unit = each.unit if each.unit == "×" else f" {each.unit}"
        digits = 0 if each.value >= 100 else 2
        table.add_row(
            each.what,
            each.ours,
            each.beside,
            f"{each.value:,.{digits}f}{unit}",
            f"≤ {each.mark:g}{unit}",
            "yes" if each.met else "NO",
        )
    Console(width=120).print(table)
    return all(each.met for each in figures)
