"""What everything costs on this machine."""
