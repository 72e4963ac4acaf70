"""A site that has a resource type of its own: see ``models``."""
