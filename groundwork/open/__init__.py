"""`groundwork open`: a server of the platform, from the cluster's own manifest, as processes of this machine."""
