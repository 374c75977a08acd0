"""The child process that reads a PDF, forked from `python -m studium.services.library.jailed`.

It takes one job as JSON on standard input, opens the file, enters the jail, and only then looks at
the first byte. Its answer is one line of JSON on standard output.
"""

import codecs
import json
import sys
from pathlib import Path
from typing import Any

from studium.runtime.jail.enter import Cell, enter
from studium.runtime.jail.serve import serve
from studium.services.library import extract
from studium.services.library.book import BookPlan
from studium.services.library.oxide import Oxide
from studium.services.library.pdf import Content, Pdf, UnreadableError, mapped
from studium.services.library.pdfium import Pdfium

READERS: dict[str, type[Pdfium | Oxide]] = {"pdfium": Pdfium, "oxide": Oxide}
CODECS = ("utf-16-le", "utf-8", "latin-1", "ascii")
"""Python loads a codec from its file at the first use, and inside no file can be opened."""


def main() -> None:
    prepare()
    serve(work)


def work() -> None:
    job = json.load(sys.stdin)
    content = mapped(Path(job["path"]))
    enter(Cell(job["cpu_seconds"], job["memory_bytes"]))
    sys.stdout.write(json.dumps(answer(job, content)))
    sys.stdout.flush()


def prepare() -> None:
    """Loads what is loaded at its first use only."""
    for codec in CODECS:
        codecs.lookup(codec)


def answer(job: dict[str, Any], content: Content) -> dict[str, Any]:
    try:
        pdf: Pdf = READERS[job["reader"]](content)
        if job["job"] == "read":
            return _read(pdf, job)
        return _plan(pdf, job)
    except UnreadableError as error:
        return {"refusal": "encrypted" if error.encrypted else "damaged"}


def _read(pdf: Pdf, job: dict[str, Any]) -> dict[str, Any]:
    pages = extract.read(pdf, job["first"], job["last"], BookPlan.from_json(job["plan"]))
    return {"pages": [page.model_dump(mode="json") for page in pages]}


def _plan(pdf: Pdf, job: dict[str, Any]) -> dict[str, Any]:
    if not pdf.pages:
        return {"refusal": "no pages"}
    if pdf.pages > job["most_pages"]:
        return {"refusal": "too many pages"}
    # The second reader guesses pages that are not there, so it has to show one.
    if job["reader"] == "oxide" and not extract.has_text(pdf):
        raise UnreadableError
    book = extract.plan(pdf, job["look"])
    return {"plan": book.model_copy(update={"reader": job["reader"]}).to_json()}


if __name__ == "__main__":
    main()
