"""Exit with 0 while the doorbell at HOST:PORT is well (docs/operations.md, Health), and with 1 when it is not.

python healthcheck.py HOST:PORT
"""

import http.client
import ssl
import sys


def well(place: str) -> bool:
    """Ask over TLS, where the page has a certificate, and else without."""
    anybodys = ssl.create_default_context()  # of this machine; the certificate has another name
    anybodys.check_hostname, anybodys.verify_mode = False, ssl.CERT_NONE
    for connection in (
        http.client.HTTPSConnection(place, timeout=4, context=anybodys),
        http.client.HTTPConnection(place, timeout=4),
    ):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return False


if __name__ == "__main__":
    sys.exit(0 if well(sys.argv[1]) else 1)
