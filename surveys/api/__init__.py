"""Survey instruments and rounds in the partner API."""
