"""django-scim2's contract on this engine: a site's adapters, getters and settings go on working.

``"scim_provisioning.compat"`` in ``INSTALLED_APPS``, with the extra ``django-scim2`` installed.
Nothing else in the project knows of it.
"""
