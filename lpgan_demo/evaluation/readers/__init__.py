"""Other plate readers: to compare with, and to check restored pictures independently."""
