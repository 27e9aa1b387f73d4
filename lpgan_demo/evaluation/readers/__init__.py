"""Other readers of plates, to compare with and to check pictures by."""
