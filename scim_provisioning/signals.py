"""What the directory tells other apps.

``user_provisioned``, ``user_changed``, ``user_deprovisioned``, ``group_changed`` are sent
inside the transaction: an exception refuses the request. ``provisioned`` is sent after
commit, robustly.
"""

from __future__ import annotations

from django.dispatch import Signal

# Arguments: user, scim_id, connection_id, document, created (False: an account was linked),
# notes (a list: what is appended stands in the ledger's event).
user_provisioned = Signal()

# Arguments: user_id, scim_id, connection_id, changes ({attribute: (before, after)}).
user_changed = Signal()

# Arguments: user_id, scim_id, connection_id, erased.
user_deprovisioned = Signal()

# Arguments: group_id, scim_id, connection_id, changes.
group_changed = Signal()

# Arguments: kind ("User" or "Group"), scim_id, connection_id, method.
provisioned = Signal()
