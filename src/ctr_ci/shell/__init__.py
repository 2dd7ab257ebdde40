"""The shell front: a script in, its commands, words and places out. Never raises on any text."""
