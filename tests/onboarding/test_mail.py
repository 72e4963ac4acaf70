"""The outbox and a real mail server on loopback: what is sent, when, and how often."""

from __future__ import annotations

import email
import socket
from datetime import timedelta
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.core import mail as django_mail
from django.core.management import call_command
from django.utils import timezone

from onboarding import services, tasks
from onboarding.mail import handover, outbox, welcome
from onboarding.models import MailState, OutboxMail, UserProfile
from tests.onboarding.conftest import send_by, text

pytestmark = pytest.mark.django_db

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class Server:
    """A mail server that keeps what it takes; ``answers`` replace its own to a command."""

    def __init__(self):
        self.taken, self.recipients, self.answers, self.seen = [], [], {}, []

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.seen.append("MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.seen.append("RCPT")
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        self.seen.append("DATA")
        if (answer := self.answers.get("DATA", "250 OK")) is None:
            self.taken.append(envelope.content)
            server.transport.abort()
            return "421 gone"
        if answer.startswith("250"):
            self.taken.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        return answer

    @property
    def mails(self):
        return [email.message_from_bytes(content, policy=default) for content in self.taken]


class Listener(Controller):
    """Listens on a port that the system gives."""

    def factory(self):
        return SMTP(self.handler, enable_SMTPUTF8=True)

    def _trigger_server(self):
        # The library connects to the port that was asked for, which is none.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def server(settings):
    handler = Server()
    listener = Listener(handler, hostname="127.0.0.1", port=0)
    listener.start()
    send_by(settings, SMTP_BACKEND, host="127.0.0.1", port=listener.port)
    settings.ONBOARDING = {"SITE_URL": "https://portal.example.com", "SITE_NAME": "Kyvos"}
    yield handler
    listener.stop()


@pytest.fixture
def mail(ada):
    return outbox.queue_welcome(ada)


def later(mail, **moved):
    """Let time pass: what a mail waits for is over."""
    past = timezone.now() - timedelta(seconds=1)
    OutboxMail.objects.filter(pk=mail.pk).update(
        **{"next_try": past, "claimed_until": past, **moved}
    )


def test_a_mail_is_sent_once(server, mail):
    assert outbox.deliver(mail.pk) == MailState.SENT
    assert outbox.deliver(mail.pk) is None
    later(mail)
    assert outbox.sweep() == {}
    assert len(server.taken) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (MailState.SENT, 1, "")
    assert mail.sent is not None


def test_the_mail_says_what_it_should(server, mail, ada, settings):
    settings.DEFAULT_FROM_EMAIL = "Kyvos <noreply@example.com>"
    outbox.deliver(mail.pk)
    [found] = server.mails
    assert found["Subject"] == "Welcome to Kyvos"
    assert (found["To"], found["From"]) == ("ada@example.com", "Kyvos <noreply@example.com>")
    assert found["Message-ID"] == mail.message_id
    assert mail.message_id.endswith("@portal.example.com>")
    parts = {
        part.get_content_type(): part.get_content()
        for part in found.walk()
        if not part.is_multipart()
    }
    for content in parts.values():
        assert "ada@example.com" in content
        assert "https://portal.example.com/accounts/login/" in content
    assert set(parts) == {"text/plain", "text/html"}


def test_names_do_not_become_markup(server, mail):
    mail.user.get_full_name = lambda: "<b>Ada</b> & Eve"
    made = welcome.message(mail)
    assert "Hello <b>Ada</b> & Eve," in made.body
    assert "Hello &lt;b&gt;Ada&lt;/b&gt; &amp; Eve," in made.alternatives[0][0]


def test_a_mail_that_cannot_be_written_waits_and_holds_up_nobody(server, mail, settings, db):
    settings.LOGIN_URL = "no-such-page"
    assert outbox.deliver(mail.pk) == MailState.QUEUED
    mail.refresh_from_db()
    assert "no-such-page" in mail.error


def test_dots_and_line_ends_survive(server, mail, settings, monkeypatch):
    monkeypatch.setattr(
        "onboarding.mail.welcome.render_to_string",
        lambda name, _: ".one\n..two\r\nthree\rfour\n.\n",
    )
    outbox.deliver(mail.pk)
    [found] = server.mails
    assert found.get_body(("plain",)).get_content().splitlines()[:3] == [".one", "..two", "three"]


def test_addresses_beyond_ascii_are_sent_where_the_server_takes_them(server, ada):
    mail = outbox.queue_welcome(ada)
    OutboxMail.objects.filter(pk=mail.pk).update(address="jürgen@bücher.example")
    assert outbox.deliver(mail.pk) == MailState.SENT
    assert server.recipients == ["jürgen@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "address", ["ada@example.com\r\nBcc: eve@example.com", f"ada@{'ü' * 70}.example"]
)
def test_addresses_that_are_none_are_given_up_and_hold_up_nobody(server, mail, address):
    OutboxMail.objects.filter(pk=mail.pk).update(address=address)
    assert outbox.sweep() == {"failed": 1}
    assert server.taken == []


@pytest.mark.parametrize(
    ("command", "answer", "state"),
    [
        ("MAIL", "451 later", MailState.QUEUED),
        ("MAIL", "550 no", MailState.QUEUED),
        ("RCPT", "450 busy", MailState.QUEUED),
        ("RCPT", "550 unknown", MailState.FAILED),
        ("DATA", "451 later", MailState.QUEUED),
        ("DATA", "554 spam", MailState.FAILED),
        ("DATA", None, MailState.UNCERTAIN),
    ],
)
def test_what_a_server_answers_decides(server, mail, command, answer, state):
    server.answers[command] = answer
    assert outbox.deliver(mail.pk) == state
    mail.refresh_from_db()
    assert mail.error
    server.answers.clear()
    later(mail)
    outbox.sweep()
    sent_later = 1 if state == MailState.QUEUED else 0
    assert len(server.taken) == sent_later + (answer is None)


def test_a_server_that_is_down_is_tried_again_with_growing_pauses(mail, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        send_by(settings, SMTP_BACKEND, host="127.0.0.1", port=free.getsockname()[1])
    settings.ONBOARDING = {"MAIL_PAUSES": (10, 100)}
    for pause in (10, 100):
        before = timezone.now()
        assert outbox.deliver(mail.pk) == MailState.QUEUED
        mail.refresh_from_db()
        assert timedelta(seconds=pause) <= mail.next_try - before < timedelta(seconds=pause + 5)
        assert outbox.deliver(mail.pk) is None
        later(mail)
    assert outbox.deliver(mail.pk) == MailState.FAILED
    mail.refresh_from_db()
    assert "ConnectionRefusedError" in mail.error


def test_a_claim_keeps_others_away_until_it_lapses(server, mail):
    held = timezone.now() + timedelta(seconds=30)
    OutboxMail.objects.filter(pk=mail.pk).update(state=MailState.SENDING, claimed_until=held)
    assert outbox.sweep() == {}
    later(mail)
    assert outbox.sweep() == {"sent": 1}


def test_an_attempt_that_was_taken_over_ends_before_the_mail_is_there(server, mail, monkeypatch):
    announce = handover._announce

    def slowly(*arguments):
        announce(*arguments)
        later(mail)
        monkeypatch.setattr(handover, "_announce", announce)
        assert outbox.deliver(mail.pk) == MailState.SENT

    monkeypatch.setattr(handover, "_announce", slowly)
    assert outbox.deliver(mail.pk) is None
    assert len(server.taken) == 1
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


def test_what_was_handed_over_by_a_dead_worker_is_not_sent_again(server, mail):
    later(mail, state=MailState.HANDED_OVER)
    assert outbox.sweep() == {}
    mail.refresh_from_db()
    assert mail.state == MailState.UNCERTAIN
    assert server.taken == []
    assert "never acknowledged" in services.findings()[0].message


def test_who_cannot_sign_in_is_not_welcomed_yet(server, mail, ada):
    ada.is_active = False
    ada.save()
    assert outbox.deliver(mail.pk) == MailState.QUEUED
    ada.is_active = True
    ada.save()
    later(mail)
    assert outbox.sweep() == {"sent": 1}


def test_the_sweep_finds_what_no_worker_heard_of(server, ada):
    services.publish(text(sendWelcomeMailToUser=True), None)
    services.onboard(ada)
    assert outbox.sweep() == {"sent": 1}
    assert not UserProfile.objects.get(user=ada).mail_wanted
    assert services.describe(ada).mail.state == MailState.SENT
    assert outbox.sweep() == {}


def test_the_task_sends_and_may_run_twice(server, ada):
    for expected in ("sent", "not due"):
        assert tasks.welcome.func(str(ada.pk)) == expected
    assert len(server.taken) == 1


def test_the_task_of_a_user_who_is_gone_does_nothing(ada):
    key = str(ada.pk)
    ada.delete()
    assert tasks.welcome.func(key) == "gone"


def test_other_backends_are_used_as_they_are(mail):
    assert outbox.deliver(mail.pk) == MailState.SENT
    [found] = django_mail.outbox
    assert found.to == ["ada@example.com"]


def test_trouble_of_other_backends_is_tried_again(mail, settings):
    send_by(settings, f"{__name__}.Broken")
    assert outbox.deliver(mail.pk) == MailState.QUEUED
    mail.refresh_from_db()
    assert mail.error == "RuntimeError: no"


class Broken(django_mail.backends.base.BaseEmailBackend):
    """A backend that is out of order."""

    def send_messages(self, messages):
        raise RuntimeError("no")


def test_the_language_is_the_persons_where_the_site_speaks_it(mail, settings):
    settings.ONBOARDING = {"PREFERENCES": f"{__name__}.german"}
    assert '<html lang="de">' in welcome.message(mail).alternatives[0][0]
    settings.LANGUAGES = [("en", "English")]
    assert '<html lang="en">' in welcome.message(mail).alternatives[0][0]


def german(user):
    return {"preferred_language": "xx,de-AT;q=0.8,en;q=0.5"}


def test_the_command_sends_what_is_due(server, mail, capsys):
    call_command("onboarding_mail", "--json")
    call_command("onboarding_mail")
    assert capsys.readouterr().out.splitlines() == ['{"sent": 1}', "Nothing was due."]
