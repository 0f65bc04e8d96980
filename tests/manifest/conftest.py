from hypothesis import settings

# No deadline, since a busy machine is no failure; no database, since it would lie in the working tree.
settings.register_profile("manifest", deadline=None, database=None)
settings.load_profile("manifest")
