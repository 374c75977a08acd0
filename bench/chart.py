"""`docs/figures/ingest.json` as a picture: CPU seconds from the file to all pages searchable.

`PYTHONPATH=. python bench/chart.py` writes `docs/images/ingest.svg`, readable in light and dark.
"""

from html import escape
from pathlib import Path

from bench.marks import Figure, kept

TARGET = Path(__file__).parents[1] / "docs" / "images" / "ingest.svg"
WIDTH, LEFT, RIGHT = 720, 230, 70
TOP, ROW, BAR = 44, 30, 18
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .quiet { fill: #59636e }
rect { fill: #8c959f } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .quiet { fill: #9198a1 }
  rect { fill: #656c76 } .ours { fill: #4493f8 }
}
"""


def bars(figures: list[Figure]) -> list[tuple[str, float]]:
    """Name and CPU seconds, Studium first. Another's are Studium's by the ratio."""
    ours = next(each.value for each in figures if each.mark is not None)
    others = [(each.what, ours / each.value) for each in figures if each.unit == "×"]
    return [("Studium, all processes", ours), *sorted(others, key=lambda bar: bar[1])]


def svg(title: str, found: list[tuple[str, float]]) -> str:
    height = TOP + ROW * len(found) + 26
    scale = (WIDTH - LEFT - RIGHT) / max(seconds for _, seconds in found)
    said = "; ".join(f"{name} {seconds:.1f} s" for name, seconds in found)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        f' aria-label="{escape(title)}: {escape(said)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(title)}: CPU seconds, less is better</text>',
    ]
    for row, (name, seconds) in enumerate(found):
        y = TOP + ROW * row
        kind = ' class="ours"' if row == 0 else ""
        lines += [
            f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect{kind} x="{LEFT}" y="{y}" width="{seconds * scale:.1f}" height="{BAR}" rx="2"/>',
            f'<text x="{LEFT + seconds * scale + 8:.1f}" y="{y + 14}">{seconds:.1f}</text>',
        ]
    note = "memoir manual, 615 pages; the same static vectors; only Studium keeps what it finds"
    lines += [f'<text class="quiet" x="12" y="{height - 8}">{note}</text>', "</svg>"]
    return "\n".join(lines) + "\n"


def main() -> None:
    title, figures = kept("ingest")
    TARGET.write_text(svg(title, bars(figures)))
    print(TARGET.name)


if __name__ == "__main__":
    main()
