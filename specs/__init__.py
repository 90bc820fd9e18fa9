"""The reference collection of specs; each file is a test."""
