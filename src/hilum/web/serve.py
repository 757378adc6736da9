"""hilum serve: the web page and the REST interface on this machine, or with token and TLS for others."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hilum.errors import HilumError, require_installed
from hilum.files import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.web.addresses import Network
    from hilum.web.settings import Access

_LIBRARIES: Final = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


@dataclass(frozen=True, slots=True)
class Served:
    """What a server did before it was stopped, or the token that was made for one.

    Args:
        address: where it listened; "" where only a token was made.
        requests: that it answered.
        token_file: the new token; None where none was made.
    """

    address: str = ""
    requests: int = 0
    token_file: Path | None = None

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        if self.token_file:
            return Text(
                f"A new token of 256 bits is in {printable(self.token_file)}; only you may read it.\n"
                f"Use it: hilum serve --model FOLDER --token-file {printable(self.token_file)}"
            )
        answered = "1 request was" if self.requests == 1 else f"{self.requests:,} requests were"
        return Text(f"Stopped. {answered} answered on {self.address}.")


def serve(
    *,
    model: Sequence[Path] = (),
    host: str = "127.0.0.1",
    port: int = 8000,
    operating_point: str | None = None,
    prevalence: float | None = None,
    site: Path | None = None,
    token_file: Path | None = None,
    new_token: Path | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    behind_proxy: str | None = None,
    insecure: bool = False,
    store: Path | None = None,
    queue: int = 16,
    threads: int = 0,
) -> Served:
    """Serve the web page and the REST interface: drop films, see answers, maps and reports. Ctrl-C ends it.

    Serves this machine alone unless told otherwise. For others it needs a token and TLS, its own or that of a proxy.
    Films stay in memory; nothing is written unless --store names a folder. Accepted requests are answered before it
    ends.

    Args:
        model: Model folder, or the run that holds one; several are served side by side.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        operating_point: Name of the stored threshold that decides; the site's, or sensitivity>=0.95, if not given.
        prevalence: Share of films with pneumonia where these come from, 0 to 1; probabilities are given for it too.
        site: File hilum.toml with the site's settings, or its folder; searched from here upwards if not given.
        token_file: File with the token that requests must bring; else the variable HILUM_TOKEN, where it is set.
        new_token: Write a new token into this file and end.
        tls_cert: Certificate for TLS, with its chain, as PEM.
        tls_key: Its key, as PEM, without a password.
        behind_proxy: Network of the proxy that speaks TLS, such as 10.0.0.7/32; its forwarded headers are believed.
        insecure: Serve others without token or TLS all the same; every page then carries a warning.
        store: Folder for jobs, their films and answers; without it there are no jobs.
        queue: Requests that may wait or be answered at once; more are told to come again.
        threads: Threads of the graph; 0 takes every core.

    Examples:
        hilum serve --model runs/cnn-scratch
        hilum serve --model runs/cnn-scratch --model runs/best --port 8080
        hilum serve --new-token token.txt
        hilum serve --model runs/best --host 0.0.0.0 --token-file token.txt --tls-cert cert.pem --tls-key key.pem
        hilum serve --model runs/best --token-file token.txt --behind-proxy 127.0.0.1/32 --store jobs/
    """
    require_installed(_LIBRARIES, "hilum serve", "serve")
    from hilum.web import tokens

    if new_token:
        tokens.new_token(new_token)
        return Served(token_file=new_token)
    from hilum.site import site_settings
    from hilum.web.app import make_app
    from hilum.web.listening import bound_socket, listen, tls_context
    from hilum.web.models import open_models
    from hilum.web.settings import Allowance, Settings

    access = _access(host, tokens.token_digest(token_file, os.environ), (tls_cert, tls_key), behind_proxy, insecure)
    tls = tls_context(tls_cert, tls_key) if tls_cert and tls_key else None
    _require_queue(queue)
    here = site_settings(site)
    models = open_models(model, here, operating_point, prevalence, threads)
    _require_prevalence(here.prevalence if prevalence is None else prevalence)
    models.warm_up()
    on = bound_socket(host, port)
    address = _address(on, "https" if tls else "http")
    app = make_app(Settings(models, access, Allowance(places=queue), store, here.language or "en"))
    names = ", ".join(printable(one.name) for one in models.models)
    requests = listen(
        app,
        on,
        tls=tls,
        when_listening=lambda: _say(f"hilum serves {names} on {address} (Ctrl-C ends it)", access.warning),
        when_ending=app.state.service.end,
    )
    return Served(address, requests)


def _access(
    host: str,
    token_digest: bytes | None,
    tls: tuple[Path | None, Path | None],
    behind_proxy: str | None,
    insecure: bool,
) -> Access:
    """Who may use the server.

    Raises:
        HilumError: others could reach it, and it has no token or no TLS.
    """
    from hilum.web.settings import Access

    if (tls[0] is None) != (tls[1] is None):
        raise HilumError("Only one of --tls-cert and --tls-key was given.", expected="both", do="Name the other too.")
    is_local = is_loopback(host) and behind_proxy is None
    is_tls = tls[0] is not None
    missing = [*([] if token_digest else ["token"]), *([] if is_tls or behind_proxy else ["TLS"])]
    if not is_local and missing and not insecure:
        raise HilumError(
            f"Others could reach this server, and it has no {' and no '.join(missing)}.",
            expected="--token-file, and --tls-cert with --tls-key or --behind-proxy",
            do="Leave --host and --behind-proxy out to serve this machine alone, or make a token: "
            "hilum serve --new-token FILE",
        )
    if behind_proxy and not token_digest:
        raise HilumError(
            "A server behind a proxy needs a token, also with --insecure.",
            expected="--token-file",
            do="Make one: hilum serve --new-token FILE; or leave --behind-proxy out.",
        )
    return Access(
        token_digest=token_digest,
        is_local=is_local,
        hosts=frozenset() if is_local else frozenset({host.lower(), socket.gethostname().lower()}),
        proxies=(_network(behind_proxy),) if behind_proxy else (),
        is_tls=is_tls,
        warning=_warning(missing) if insecure else "",
    )


def _warning(missing: Sequence[str]) -> str:
    """What stands on every page of a server that was started with --insecure."""
    consequences = {
        "token": "Whoever reaches it can use it.",
        "TLS": "What is sent to it can be read on its way.",
    }
    return " ".join(["This server was started with --insecure.", *(consequences[one] for one in missing)])


def is_loopback(host: str) -> bool:
    """True where only this machine reaches that address.

    Raises:
        HilumError: there is no such name.
    """
    from hilum.web.addresses import parsed

    try:
        found = {parsed(str(entry[4][0])) for entry in socket.getaddrinfo(host or "0.0.0.0", None)}
    except (OSError, UnicodeError) as error:
        raise HilumError(
            f"There is no address '{printable(host)}'.",
            expected="an address or a name of this machine",
            do="Leave --host out to serve this machine alone.",
        ) from error
    return all(address is not None and address.is_loopback for address in found)


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise HilumError(
            f"'{printable(text)}' is no network.",
            expected="the address of the proxy with the length of its network",
            do="Write --behind-proxy 10.0.0.7/32, for instance.",
        ) from error
    if network.prefixlen == 0:
        raise HilumError(
            f"The network '{printable(text)}' holds every address.",
            expected="that of the proxy alone: whatever it says of a request is believed",
            do="Write --behind-proxy 10.0.0.7/32, for instance.",
        )
    return network


def _require_prevalence(prevalence: float | None) -> None:
    from hilum.web.settings import LEAST_PREVALENCE, MOST_PREVALENCE

    if prevalence is not None and not LEAST_PREVALENCE <= prevalence <= MOST_PREVALENCE:
        raise HilumError(
            f"Got {prevalence:g} as a prevalence.",
            expected=f"a fraction of {LEAST_PREVALENCE:g} to 1 - {LEAST_PREVALENCE:g}",
            do="Write 0.05 for 5 %.",
        )


def _require_queue(queue: int) -> None:
    if not 1 <= queue <= 10_000:
        raise HilumError(f"Got a queue of {queue} places.", expected="1 to 10,000", do="Leave --queue out for 16.")


def _address(on: socket.socket, scheme: str) -> str:
    host, port = on.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _say(*lines: str) -> None:
    for line in filter(None, lines):
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
