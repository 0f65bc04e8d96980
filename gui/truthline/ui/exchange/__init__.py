"""Other tools' labels: import and export."""
