"""Other people's formats to and from annotations; see `truthline.interchange.formats` for the table."""
