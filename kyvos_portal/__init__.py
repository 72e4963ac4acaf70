"""The portal: a Django project that hosts provisioning and onboarding."""
