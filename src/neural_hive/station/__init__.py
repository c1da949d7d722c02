"""One specialist as a process of its own: gRPC for the gateway, HTTP for whoever watches over it."""
