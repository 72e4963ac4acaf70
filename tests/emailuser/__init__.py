"""A user model keyed by e-mail address, as many sites have one."""
