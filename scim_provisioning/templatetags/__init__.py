"""Template tags of the administrator's pages."""
