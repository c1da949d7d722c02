"""Training of the packaged models; nothing here is imported to answer."""
