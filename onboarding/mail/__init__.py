"""Mails: written, kept in the outbox, and handed over to a mail server once."""
