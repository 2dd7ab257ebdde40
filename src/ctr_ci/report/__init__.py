"""Readers: pure functions from findings (or events, or a record) to text. They print nothing."""
