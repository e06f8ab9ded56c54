"""The local stand-in for AWS, on which the very same program runs. It is reached over the wire, as AWS is."""
