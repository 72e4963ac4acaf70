"""What a credential costs: the same reads with a personal access token and with an issuer's JWT.

``python benchmarks/tokens.py`` brings up the portal as ``run.py`` does, and an issuer beside it
that shows its keys, and loads one after the other in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from load import Target, count_statements, measure, session
from serving import Site, base, database, manage, prepare, served, sized

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
AUDIENCE, CLIENT = "api://portal", "benchmark-client"


@contextmanager
def issuer() -> Iterator[str]:
    """Show the public key on a free port; give the issuer's URL."""
    key = jwt.get_algorithm_by_name("RS256").to_jwk(KEY.public_key(), as_dict=True)
    body = json.dumps({"keys": [{**key, "kid": "1", "use": "sig"}]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def token(url: str) -> str:
    """Return a token as RFC 9068 has it."""
    now = int(time.time())
    claims = {"iss": url, "aud": AUDIENCE, "client_id": CLIENT, "sub": CLIENT, "jti": "1"}
    headers = {"kid": "1", "typ": "at+jwt"}
    return jwt.encode({**claims, "iat": now, "exp": now + 3600}, KEY, "RS256", headers)


def trusting(site: Site, url: str) -> Site:
    """Return the site with an application for the issuer, which may be on loopback."""
    found = replace(site, environment=site.environment | {"ALLOW_LOCAL_ISSUERS": "1"})
    create = {"issuer": url, "jwks-uri": url, "audience": AUDIENCE, "claim": "client_id"}
    create |= {"identifier": CLIENT, "mapped-username": site.username}
    options = [f"--{name}={value}" for name, value in create.items()]
    manage(found.environment, "oidc_application", "create", "benchmark", *options)
    return found


async def compare(site: Site, options: argparse.Namespace, auths: dict[str, str]) -> None:
    """Load both in turns, and print requests/s, medians, statements and their ratio."""
    async with session(options.clients) as http:
        targets = {}
        for name, auth in auths.items():
            targets[name] = Target(name, base(options.port), auth, options.users, http)
            await targets[name].explore(50)
        with_timing = {n: await count_statements(t, "get") for n, t in targets.items()}
        rows: dict[str, list[Any]] = {name: [] for name in targets}
        for _ in range(options.rounds):
            for name, target in targets.items():
                rows[name].append(
                    await measure(target, "get", seconds=options.seconds, clients=options.clients)
                )
    for name, measured in rows.items():
        p50, rps = (statistics.median(row[f] for row in measured) for f in ("p50_ms", "rps"))
        statuses = {status for row in measured for status in row["statuses"]}
        print(
            f"{name}: {rps:.0f} requests/s, p50 {p50:.2f} ms, {with_timing[name]} SQL, {statuses}"
        )
    pat, external = (statistics.median(row["rps"] for row in rows[name]) for name in ("PAT", "JWT"))
    print(f"A request with the JWT costs {pat / external:.2f} times one with the PAT.")


def main() -> None:
    """Bring everything up, measure, and take it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--seconds", type=float, default=3, help="per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--port", type=int, default=8230)
    options = parser.parse_args()
    with database(options.database) as url, issuer() as at:
        site = trusting(prepare(sized(url, options.users), options.users), at)
        with served(site, options.port, timing=True):
            auths = {"PAT": f"Bearer {site.token}", "JWT": f"Bearer {token(at)}"}
            asyncio.run(compare(site, options, auths))


if __name__ == "__main__":
    main()
