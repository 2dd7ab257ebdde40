"""Who owns a file: one module a package database, one noun for what they tell."""
