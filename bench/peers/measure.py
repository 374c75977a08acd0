"""One framework's way from the file to all its pages searchable, in a process of its own.

`build/peers/bin/python bench/peers/measure.py NAME BOOK` prints CPU seconds of what follows the
imports and the loading of the model, and how many passages there are. Readers, splitters and
stores are the ones that each framework's first page shows, with their defaults; the vectors are
everywhere Studium's static ones.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any

from studium.adapters.embedder.static import load

QUESTION = "how is the width of the margin chosen"
Way = Callable[[Path], int]
Encode = Callable[[Sequence[str]], Any]


def langchain(encode: Encode, loader: str) -> Way:
    loaders = importlib.import_module("langchain_community.document_loaders")
    embeddings = importlib.import_module("langchain_core.embeddings")
    stores = importlib.import_module("langchain_core.vectorstores")
    splitters = importlib.import_module("langchain_text_splitters")

    class Static(embeddings.Embeddings):  # type: ignore[misc, name-defined]
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [row.tolist() for row in encode(texts)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    def way(book: Path) -> int:
        pages = getattr(loaders, loader)(str(book)).load()
        passages = splitters.RecursiveCharacterTextSplitter().split_documents(pages)
        store = stores.InMemoryVectorStore(Static())
        store.add_documents(passages)
        assert store.similarity_search(QUESTION)
        return len(passages)

    return way


def haystack(encode: Encode) -> Way:
    core = importlib.import_module("haystack")
    converters = importlib.import_module("haystack.components.converters")
    preprocessors = importlib.import_module("haystack.components.preprocessors")
    writers = importlib.import_module("haystack.components.writers")
    retrievers = importlib.import_module("haystack.components.retrievers.in_memory")
    stores = importlib.import_module("haystack.document_stores.in_memory")

    kind: Any = GenericAlias(list, core.Document)

    class Static:
        @core.component.output_types(documents=kind)  # type: ignore[untyped-decorator]
        def run(self, documents: kind) -> dict[str, Any]:
            rows = encode([each.content for each in documents])
            for each, row in zip(documents, rows, strict=True):
                each.embedding = row.tolist()
            return {"documents": documents}

    def way(book: Path) -> int:
        store = stores.InMemoryDocumentStore()
        pipeline = core.Pipeline()
        pipeline.add_component("read", converters.PyPDFToDocument())
        pipeline.add_component("clean", preprocessors.DocumentCleaner())
        pipeline.add_component("split", preprocessors.DocumentSplitter())
        pipeline.add_component("embed", core.component(Static)())
        pipeline.add_component("write", writers.DocumentWriter(document_store=store))
        for one, two in (("read", "clean"), ("clean", "split"), ("split", "embed")):
            pipeline.connect(one, two)
        pipeline.connect("embed", "write")
        pipeline.run({"read": {"sources": [book]}})
        retriever = retrievers.InMemoryEmbeddingRetriever(document_store=store)
        asked = encode([QUESTION])[0].tolist()
        assert retriever.run(query_embedding=asked)["documents"]
        return int(store.count_documents())

    return way


def llamaindex(encode: Encode) -> Way:
    core = importlib.import_module("llama_index.core")
    base = importlib.import_module("llama_index.core.base.embeddings.base")
    importlib.import_module("llama_index.readers.file")

    class Static(base.BaseEmbedding):  # type: ignore[misc, name-defined]
        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [row.tolist() for row in encode(texts)]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    def way(book: Path) -> int:
        pages = core.SimpleDirectoryReader(input_files=[str(book)]).load_data()
        index = core.VectorStoreIndex.from_documents(pages, embed_model=Static())
        assert index.as_retriever().retrieve(QUESTION)
        return len(index.docstore.docs)

    return way


WAYS: dict[str, Callable[[Encode], Way]] = {
    "LangChain, pdfium": lambda encode: langchain(encode, "PyPDFium2Loader"),
    "LangChain": lambda encode: langchain(encode, "PyPDFLoader"),
    "Haystack": haystack,
    "LlamaIndex": llamaindex,
}


def main() -> None:
    name, book = sys.argv[1], Path(sys.argv[2])
    encode = load(book.parent)
    way = WAYS[name](encode)
    encode([QUESTION])
    before = os.times()
    started = time.perf_counter()
    passages = way(book)
    cpu = sum(os.times()[:4]) - sum(before[:4])
    told = {"cpu": cpu, "wall": time.perf_counter() - started, "passages": passages}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
