"""How clients prove who they are; nothing of REST framework here.

``authenticate`` turns an ``Authorization`` header into a ``Principal``.
"""

from __future__ import annotations

from .authenticator import authenticate, touch
from .schemes import challenge, schemes

__all__ = ["authenticate", "challenge", "schemes", "touch"]
