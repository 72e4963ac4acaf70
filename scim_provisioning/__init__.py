"""SCIM 2.0 service provider for Django (RFC 7643, RFC 7644)."""
