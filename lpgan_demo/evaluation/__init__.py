"""What every quoted figure was measured with: a file for each kind of `evaluate`."""
