"""What the app tells others."""

from __future__ import annotations

from django.dispatch import Signal

# Sent inside the transaction: an exception refuses whatever provisions the user.
# Sender: UserProfile. Arguments: user, source, profile.
onboarded = Signal()

# Sent at the first sign-in, inside its transaction. Sender: UserProfile. Arguments: user, profile.
first_signed_in = Signal()

# Sent inside the transaction. Sender: OnboardingRevision. Arguments: revision.
published = Signal()
