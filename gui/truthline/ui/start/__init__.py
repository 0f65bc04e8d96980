"""From the welcome page to an open workspace: what is opened, the sample, and the folder it came from."""
