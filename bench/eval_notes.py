"""How well do the extractive notes carry a book? Beside lead-3 and a random choice.

Two measures, each at the same number of sentences a section:
- coverage: cosine of the notes' tf-idf vector to the section's own (what share of what the section
  speaks about the notes speak about; Louis & Nenkova, "Automatically Assessing Machine Summary
  Content Without a Gold Standard", Computational Linguistics 2013);
- terms: share of the terms of the book's own glossary that its notes name (sample book only);
- alone: share of the chosen sentences that the rules of `standalone.py` let stand alone.
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.sections import MEMOIR, ROOT, SAMPLE, sections
from studium.core.terms import words
from studium.core.text import sentences
from studium.services.library.contract import SectionSource
from studium.services.notes import offline
from studium.services.notes.standalone import stands_alone, without_opener

Pick = Callable[[list[str], int], list[str]]


def all_sentences(source: SectionSource) -> list[str]:
    return [
        block.text[start:end]
        for block in source.blocks
        if block.kind in {"prose", "list"}
        for start, end in sentences(block.text)
    ]


def written(source: SectionSource) -> list[str]:
    draft = offline.write(source)
    return [point.text for point in draft.points] + [term.definition for term in draft.key_terms]


def lead(found: list[str], most: int) -> list[str]:
    return found[:most]


def at_random(found: list[str], most: int) -> list[str]:
    return random.Random(1).sample(found, min(most, len(found)))


def coverage(chosen: list[str], whole: list[str], rarity: Counter[str], books: int) -> float:
    def vector(texts: list[str]) -> Counter[str]:
        return Counter(word for text in texts for word in words(text))

    def weight(word: str, count: int) -> float:
        return float((1 + np.log(count)) * np.log(1 + books / (1 + rarity[word])))

    one, two = vector(chosen), vector(whole)
    a = {word: weight(word, count) for word, count in one.items()}
    b = {word: weight(word, count) for word, count in two.items()}
    dot = sum(value * b.get(word, 0) for word, value in a.items())
    lengths = np.linalg.norm(list(a.values())) * np.linalg.norm(list(b.values()))
    return float(dot / lengths) if lengths else 0.0


def glossary() -> list[str]:
    text = (ROOT / "scripts" / "sample_book" / "back-matter.typ").read_text()
    return [match.lower() for match in re.findall(r"^/ ([^:]+):", text, re.MULTILINE)]


def evaluate(path: Path, terms: list[str]) -> dict[str, tuple[float, float, float]]:
    read = [source for source, _ in sections(path)]
    texts = [all_sentences(source) for source in read]
    rarity = Counter(word for each in texts for word in {w for text in each for w in words(text)})
    chosen = {"Studium, offline": [written(source) for source in read]}
    sizes = [len(each) for each in chosen["Studium, offline"]]
    chosen["lead-3"] = [lead(each, 3) for each in texts]
    chosen["lead, as many"] = [lead(each, n) for each, n in zip(texts, sizes, strict=True)]
    chosen["random, as many"] = [at_random(each, n) for each, n in zip(texts, sizes, strict=True)]
    alone = [[each.text for each in offline.candidates(source)] for source in read]
    chosen["lead of what stands alone"] = [
        lead(each, n) for each, n in zip(alone, sizes, strict=True)
    ]
    return {name: _figures(picked, texts, rarity, terms) for name, picked in chosen.items()}


def _figures(
    picked: list[list[str]], texts: list[list[str]], rarity: Counter[str], terms: list[str]
) -> tuple[float, float, float]:
    covered = [
        coverage(one, two, rarity, len(texts))
        for one, two in zip(picked, texts, strict=True)
        if two
    ]
    flat = [text for each in picked for text in each]
    named = " ".join(flat).lower()
    alone = [stands_alone(without_opener(text)) for text in flat]
    share = sum(term in named for term in terms) / len(terms) if terms else float("nan")
    return float(np.mean(covered)), share, sum(alone) / max(1, len(alone))


def main() -> None:
    console = Console()
    for path, terms in ((SAMPLE, glossary()), (MEMOIR, [])):
        if not path.exists():
            console.print(f"{path.name} is not here: skipped.")
            continue
        table = Table("notes of " + path.stem, "coverage", "glossary terms", "stand alone")
        for name, (covered, named, alone) in evaluate(path, terms).items():
            shown = "" if named != named else f"{named:.2f}"  # noqa: PLR0124 - not a number
            table.add_row(name, f"{covered:.3f}", shown, f"{alone:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
