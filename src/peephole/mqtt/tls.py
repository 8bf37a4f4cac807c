"""The broker's certificate: whom it must be signed by."""

import ssl

from peephole.mqtt.settings import Mqtt
from peephole.mqtt.trouble import plain


def tls_of(settings: Mqtt) -> ssl.SSLContext | None:
    """Return what checks the broker's certificate, None without TLS; raises OSError where the authority's is none."""
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except OSError as error:
        raise OSError(f"{settings.ca}: no certificates of an authority ({plain(error)})") from error
