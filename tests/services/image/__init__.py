"""The container image: built without a registry if need be, given to containerd, and measured while it runs."""
