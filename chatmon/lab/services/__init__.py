"""What replaces a cloud: services that run on this machine, on loopback, for as long as they are needed."""
