"""`studium gateway render envoy|kong`: the gateway's file, from the routes of this version."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import yaml

from studium import bootstrap
from studium.gateway import envoy, kong
from studium.gateway.table import rows, upstreams
from studium.gateway.wishes import Wishes
from studium.runtime.tokens import PublicKey, read_public_key
from studium.settings import Settings


class Kind(StrEnum):
    ENVOY = "envoy"
    KONG = "kong"


def kind(text: str) -> Kind:
    """Raises `ValueError` with the ones there are."""
    if text not in [*Kind]:
        raise ValueError(f"{text!r} is no gateway that is known; choose {' or '.join(Kind)}")
    return Kind(text)


HEAD = "# Made by `studium gateway render {kind}` from the routes of the code; do not edit.\n"


def render(which: Kind, wishes: Wishes, replicas: Sequence[str], keys: Sequence[PublicKey]) -> str:
    """YAML. `replicas` as in `upstreams`, whose `ValueError` it raises; `keys` for Kong only."""
    table, places = rows(bootstrap.SERVICES), upstreams(bootstrap.SERVICES, replicas)
    if which is Kind.ENVOY:
        config = envoy.render(table, places, wishes)
    else:
        config = kong.render(table, places, wishes, keys)
    return HEAD.format(kind=which.value) + yaml.dump(config, Dumper=_Plain, sort_keys=False)


def public_keys(settings: Settings, files: Sequence[Path]) -> list[PublicKey]:
    """Of the files, or of this home where none is named."""
    return [read_public_key(each) for each in files or [bootstrap.signing_key_path(settings)]]


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - its signature is PyYAML's
        """Everything where it is read, for people."""
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _block)
