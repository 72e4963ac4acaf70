"""How clients prove who they are; nothing of REST framework here.

``authenticate`` turns an ``Authorization`` header into a ``Principal``.
"""

from __future__ import annotations

from .authenticator import authenticate, challenge, touch

__all__ = ["authenticate", "challenge", "touch"]
