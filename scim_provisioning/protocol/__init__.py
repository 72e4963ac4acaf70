"""SCIM as plain Python: no Django, no input or output."""
