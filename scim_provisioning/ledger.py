"""The provisioning ledger (temporary)."""
def accepted(context, **facts): pass
