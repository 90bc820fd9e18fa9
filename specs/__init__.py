"""The zoo of specs, as package data."""
