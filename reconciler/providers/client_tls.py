"""TLS with a certificate of our own, whose key is a secret and never on a disk."""

import os
import ssl
from typing import Any, NoReturn


def context(ca: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """Return what trusts the authorities in ``ca`` (PEM; None: those of this machine) and shows the certificate.

    Raises ValueError when something is not PEM, or the key is not that of the certificate.
    """
    try:
        made = ssl.create_default_context(cadata=ca)
        if certificate is not None and key is not None:
            _present(made, certificate, key)
    except ssl.SSLError as error:
        raise ValueError(str(error.reason or error)) from error
    return made


def _present(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # The library takes the key from a file only: this one is memory.
    memory = os.memfd_create("certificate", os.MFD_CLOEXEC)
    with os.fdopen(memory, "w") as file:
        file.write(f"{certificate}\n{key}\n")
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{memory}", password=_no_password)


def _no_password(*_: Any) -> NoReturn:
    raise ValueError("the key is encrypted")
