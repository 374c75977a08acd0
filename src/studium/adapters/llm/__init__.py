"""`open_llm(url, key)`.

`offline:`, `openai:MODEL[?base_url=…]`, `anthropic:MODEL` or `google:MODEL`.
"""

from urllib.parse import parse_qs

from studium.core.ports import LanguageModel


def open_llm(url: str, key: str | None = None) -> LanguageModel | None:
    """None for `offline:`: notes are extracted then. Raises `ValueError` for another scheme."""
    scheme, _, rest = url.partition(":")
    if scheme == "offline":
        return None
    name, _, query = rest.partition("?")
    base_url = parse_qs(query).get("base_url", [None])[0]
    # The vendors' libraries take a second to import; who works offline does not wait for them.
    from studium.adapters.llm.provider import ProviderModel, vendor_model  # noqa: PLC0415

    return ProviderModel(f"{scheme}:{name}", vendor_model(scheme, name, key, base_url))
