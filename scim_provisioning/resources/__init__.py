"""What a User and a Group are here: attributes tied to rows (one mapping each)."""
