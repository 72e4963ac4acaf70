"""What Prometheus is told, by names and labels that stay few: no user names, no ids.

Imported only where ``prometheus_client`` is installed (the extra ``metrics``).
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "scim_requests", "Answers below the SCIM prefix", ["resource", "method", "status"]
)
DURATION = Histogram(
    "scim_request_duration_seconds",
    "From the first middleware to the answer",
    ["resource", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WRITES = Counter(
    "scim_writes", "Writes of a connection, those of a Bulk too", ["connection", "outcome"]
)
THROTTLED = Counter("scim_throttled", "Answers 429, by connection if it is known", ["connection"])
UNAVAILABLE = Counter("scim_database_unavailable", "Requests that the database could not serve")
