"""One rule a file. Importing one registers nothing; `catalogue` walks this folder."""
