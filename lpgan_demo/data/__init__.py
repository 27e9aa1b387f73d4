"""Data to learn from and to measure on: labelled real plates, rendered plates, and batches of both."""
