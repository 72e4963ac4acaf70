"""How texts of guides are shown."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
WORDS = re.compile(r"\*\*(.+?)\*\*")
PAGES = re.compile(r"\*(.+?)\*")


@register.filter
def words(text: object) -> SafeString:
    """Show ``**words**`` of an identity provider's pages in bold, *names* of ours in italics."""
    shown = WORDS.sub(r"<b>\1</b>", escape(str(text)))
    return mark_safe(PAGES.sub(r"<i>\1</i>", shown))
