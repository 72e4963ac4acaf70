"""First Login Actions: what a newly provisioned user gets."""
