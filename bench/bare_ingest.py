"""What nobody can go below: pdfium, packing, vectors in one array, in one process, nothing kept.

`python -m bench.bare_ingest WAY BOOK` prints CPU seconds of what follows the imports and the
loading of the model. `text`: text, outline and labels, by pypdfium2; `search`: text by pypdfium2,
passages by Studium's packing, their static vectors as a numpy matrix, and one question.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2

from studium.adapters.embedder.static import load
from studium.services.library.book import Block, PageText
from studium.services.library.chunk import pack

QUESTION = "how is the width of the margin chosen"


def texts(document: "pypdfium2.PdfDocument") -> list[str]:
    found = []
    for page in document:
        text_page = page.get_textpage()
        found.append(text_page.get_text_range())
        text_page.close()
        page.close()
    return found


def text(book: Path) -> int:
    document = pypdfium2.PdfDocument(book)
    found = texts(document)
    labels = [document.get_page_label(at) for at in range(len(document))]
    outline = [
        (each.level, each.get_title(), target.get_index(), target.get_view())
        for each in document.get_toc()
        if (target := each.get_dest())
    ]
    assert len(labels) == len(found)
    assert outline
    return len(found)


def searching() -> Callable[[Path], int]:
    encode = load(Path())
    encode([QUESTION])

    def search(book: Path) -> int:
        pages = [
            PageText(number=at, text=each, blocks=(Block(0, len(each), "prose"),))
            for at, each in enumerate(texts(pypdfium2.PdfDocument(book)), start=1)
        ]
        passages = [each.text for each in pack(pages, 0)]
        matrix = encode(passages)
        assert np.argsort(matrix @ encode([QUESTION])[0])[-10:].size
        return len(passages)

    return search


def main() -> None:
    way: Any = text if sys.argv[1] == "text" else searching()
    before = os.times()
    passages = way(Path(sys.argv[2]))
    cpu = sum(os.times()[:4]) - sum(before[:4])
    sys.stdout.write(json.dumps({"cpu": cpu, "passages": passages}) + "\n")


if __name__ == "__main__":
    main()
