"""What pages and tables name: a file, or a test inside of one as `path::test`."""

import ast
from functools import cache

from tests.conftest import ROOT


def exists(name: str) -> bool:
    path, _, test = name.partition("::")
    if not (ROOT / path).is_file():
        return not test and (ROOT / path).is_dir()
    return not test or test in _functions(path)


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))
