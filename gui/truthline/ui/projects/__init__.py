"""Projects and datasets of the account: listed, made, split and deleted."""
