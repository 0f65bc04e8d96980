"""From a source (folder, manifest, prefix, dataset) to a workspace; and files as the commands take them."""
