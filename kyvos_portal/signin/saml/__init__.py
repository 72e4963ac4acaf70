"""Signing in by SAML 2.0, on djangosaml2 and pysaml2; off where ``xmlsec1`` is missing."""
