"""The welcome mail: text and HTML from templates, in the person's language."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from onboarding import conf
from onboarding.models import OutboxMail
from onboarding.preferences import preferences


def message(mail: OutboxMail) -> EmailMultiAlternatives:
    """Return the mail of an outbox row; every attempt makes the same one."""
    ours = conf.current()
    sign_in = f"{ours.site_url}{resolve_url(settings.LOGIN_URL)}" if ours.site_url else ""
    facts = {"user": mail.user, "site_name": ours.site_name, "sign_in_url": sign_in}
    with translation.override(_language(mail)):
        subject = render_to_string("onboarding/welcome_subject.txt", facts)
        text = render_to_string("onboarding/welcome.txt", facts)
        html = render_to_string("onboarding/welcome.html", facts)
    made = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        from_email=ours.mail_from or settings.DEFAULT_FROM_EMAIL,
        to=[mail.address],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    made.attach_alternative(html, "text/html")
    return made


def _language(mail: OutboxMail) -> str:
    """Return the first language that the person prefers and the site speaks."""
    preferred = preferences(mail.user).get("preferred_language", "")
    for code, _ in parse_accept_lang_header(preferred.lower()):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
