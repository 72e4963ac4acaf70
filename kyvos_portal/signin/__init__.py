"""How people sign in to the portal, and who may."""
