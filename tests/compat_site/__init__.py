"""A site that was written for django-scim2, before and after it moved."""
