"""The page of figures shows what the benches kept, all of it."""

from bench import report
from bench.marks import KEPT

PAGE = report.PAGE.read_text()


def test_the_tables_are_the_kept_figures() -> None:
    assert report.filled(PAGE) == PAGE, "make bench, or python -m bench.report, fills the page"


def test_every_bench_is_on_the_page() -> None:
    assert report.names(PAGE) == {path.stem for path in KEPT.glob("*.json")}
