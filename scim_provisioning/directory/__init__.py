"""Reads and writes of the directory: transactions, locks, ownership and signals."""
