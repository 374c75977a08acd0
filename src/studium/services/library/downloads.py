"""Addresses of a book that work without a token: the object store's own where it signs some, else
this server's.
"""

from studium.runtime.engines import Engines
from studium.runtime.links import LIFETIME_SECONDS, Link
from studium.services.library.contract import LinkView
from studium.services.library.models import Material

AUDIENCE = "studium:download"


async def link(engines: Engines, material: Material) -> LinkView:
    url = await engines.objects.link(material.object_key, LIFETIME_SECONDS)
    if url is None:
        ticket = Link(material.organisation_id, material.id).sign(engines.signing_key, AUDIENCE)
        url = f"/v1/downloads/{ticket}"
    return LinkView(url=url, expires_in=LIFETIME_SECONDS)


def linked(engines: Engines, ticket: str) -> Link:
    """Raises `LinkEndedError`."""
    return Link.read(ticket, engines.verifier, AUDIENCE)
