"""Pull: what the dataset holds brought into the workspace, and the conflicts (three-way merge) decided."""
